//! `--output html`: one page for people that needs nothing else: no script, no font, no picture, no network. Each family is
//! a lane, and each place a station on it: who agrees stands on the line, what is missing is a gap in it.

use std::fmt::Write as _;

use super::{FAMILIES, Place, both, cell, count, heading, headline, looked_at, places, plain, telling, title, value, word};
use crate::cidr::Family;
use crate::host::run_files::Outcome;
use crate::map::{About, Cell, Map, Mark, Row, Section, State, Tally, Verdict};
use crate::plan::{Rule, Severity};

const STYLE: &str = include_str!("style.css");

/// What the browser may load: nothing but the style in the page, and the icon, which is empty.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

const LEGEND: [(&str, &str); 5] = [
    ("same", "the range that all must say, or a switch as it must be"),
    ("part", "a part of the range, or more than it, where that is enough"),
    ("other", "another range"),
    ("missing", "missing, or not as it must be"),
    ("unread", "filled in later"),
];

/// The page for all packages.
pub(in crate::host) fn render(outcome: &Outcome) -> String {
    let maps = telling(outcome);
    let headline = headline(&maps);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
        escape(&headline)
    );
    page += &header(outcome, &maps, &headline);
    page += "<main>\n";
    for (index, map) in maps.iter().enumerate() {
        page += &package(map, (maps.len() > 1).then_some(index));
    }
    if !maps.is_empty() {
        let entry = |(class, words): &(&str, &str)| format!("<li class=\"{class}\"><span class=\"dot\"></span>{words}</li>\n");
        let _ = write!(page, "<ul class=\"legend\">\n{}</ul>\n", LEGEND.iter().map(entry).collect::<String>());
    }
    let version = env!("CARGO_PKG_VERSION");
    let _ = write!(
        page,
        "</main>\n<footer>Made by <code>enable-dual-stack map</code> {version}. <code>enable-dual-stack check</code> reports the same as a \
         gate, <code>diff</code> and <code>apply</code> put it right.</footer>\n</body>\n</html>\n"
    );
    page
}

fn header(outcome: &Outcome, maps: &[&Map], headline: &str) -> String {
    let (lead, why) = headline.split_once(": ").unwrap_or((headline, ""));
    let class = if let [only] = maps { class_of(only.count().verdict()) } else { "" };
    let mut text = format!("<header>\n<h1 class=\"{class}\">{}</h1>\n", escape(lead));
    if !why.is_empty() {
        let _ = writeln!(text, "<p class=\"why\">{}</p>", escape(why));
    }
    let of = if let [only] = maps { format!("{} · ", escape(&title(only))) } else { String::new() };
    let _ = writeln!(text, "<p class=\"looked\">{of}{}</p>", escape(&looked_at(outcome)));
    match maps {
        [] => {}
        [only] => text += &meters(only),
        _ => {
            text += "<ul class=\"contents\">\n";
            for (index, map) in maps.iter().enumerate() {
                let count = map.count();
                let _ = writeln!(
                    text,
                    "<li><a href=\"#package-{index}\">{}</a> <span class=\"{}\">{}</span></li>",
                    escape(&title(map)),
                    class_of(count.verdict()),
                    escape(&count.sentence())
                );
            }
            text += "</ul>\n";
        }
    }
    text + "</header>\n"
}

fn class_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Nothing => "",
        Verdict::Ipv4Only => "verdict-ipv4",
        Verdict::Ipv6Only => "verdict-ipv6",
        Verdict::Half => "verdict-half",
        Verdict::Dual => "verdict-dual",
    }
}

/// For each family a bar with a piece for each place.
fn meters(map: &Map) -> String {
    let counts = map.count();
    let mut text = String::from("<div class=\"meters\">\n");
    for (family, Tally { places, have }) in FAMILIES.into_iter().zip([counts.ipv4, counts.ipv6]) {
        if places == 0 {
            continue;
        }
        let sections = map.sections.iter().filter(|section| match section.about {
            About::Ranges(_) => true,
            About::Switches => family == Family::V6,
            About::Addresses => false,
        });
        let rows = sections.flat_map(|section| &section.rows).filter(|row| row.resource.is_some() && row.has(family).is_some());
        let states = rows.filter_map(|row| cell(row, family).or_else(|| both(row))).map(|cell| word(cell.state));
        let pieces = states.map(|state| ["<i class=\"", state, "\"></i>"].concat()).collect::<String>();
        let _ = writeln!(
            text,
            "<b>{family}</b><div class=\"meter\" role=\"img\" aria-label=\"{have} of {places}\">{pieces}</div><span>{have} of {}</span>",
            count(places, "place")
        );
    }
    text + "</div>\n"
}

fn package(map: &Map, number: Option<usize>) -> String {
    let mut text = String::new();
    if let Some(index) = number {
        let count = map.count();
        let _ = write!(
            text,
            "<section class=\"package\" id=\"package-{index}\">\n<h2>{}</h2>\n<p class=\"sentence {}\">{}</p>\n{}",
            escape(&title(map)),
            class_of(count.verdict()),
            escape(&count.sentence()),
            meters(map)
        );
    }
    text.extend(map.sections.iter().map(table));
    if !map.marks.is_empty() {
        let _ = writeln!(text, "<div class=\"beside\">\n<h3>Beside</h3>\n{}</div>", map.marks.iter().map(mark).collect::<String>());
    }
    if number.is_some() {
        text += "</section>\n";
    }
    text
}

fn table(section: &Section) -> String {
    let head = |(family, range): (Family, Option<crate::cidr::Cidr>)| {
        let range = match (section.about, range) {
            (About::Ranges(_), Some(range)) => format!(" <code class=\"expected\">{range}</code>"),
            (About::Ranges(_), None) => " <span class=\"expected\">nobody says a range</span>".to_owned(),
            _ => String::new(),
        };
        format!("<th scope=\"col\"><b>{family}</b>{range}</th>")
    };
    let plain = if section.expected == [None; 2] && !matches!(section.about, About::Ranges(_)) { " class=\"plain\"" } else { "" };
    let heads: String = FAMILIES.into_iter().zip(section.expected).map(head).collect();
    let title = heading(section.about);
    let mut text =
        format!("<table{plain}>\n<thead><tr><th scope=\"col\"><h2 class=\"table-title\">{title}</h2></th>{heads}</tr></thead>\n");
    for row in &section.rows {
        text += &body(row);
    }
    text + "</table>\n"
}

/// One place. A field for both families is told once, fields of their own beside each value.
fn body(row: &Row) -> String {
    let places = places(row);
    let common = if let [only] = places.as_slice() { at(only) } else { String::new() };
    let mut text = format!(
        "<tbody><tr><th scope=\"row\"><span class=\"who\">{}</span><span class=\"object\">{}</span>{common}</th>",
        escape(&row.who),
        escape(&row.object),
    );
    let inside = |cell: &Cell| {
        let own = if places.len() > 1 { at(&Place::of(row, cell)) } else { String::new() };
        format!("{}{own}{}", said(row, cell), cell.rule.map(explained).unwrap_or_default())
    };
    if let Some(both) = both(row) {
        let _ = write!(text, "<td class=\"{}\" colspan=\"2\" data-of=\"both\">{}</td>", class(both), inside(both));
    } else {
        for family in FAMILIES {
            match cell(row, family) {
                Some(cell) => {
                    let _ = write!(text, "<td class=\"{}\" data-of=\"{family}\">{}</td>", class(cell), inside(cell));
                }
                None => text += "<td class=\"cell none\"></td>",
            }
        }
    }
    text += "</tr>";
    if !row.marks.is_empty() {
        let _ = write!(text, "<tr class=\"marks\"><td colspan=\"3\">{}</td></tr>", row.marks.iter().map(mark).collect::<String>());
    }
    text + "</tbody>\n"
}

fn class(cell: &Cell) -> String {
    let number = if let State::Other(number) = cell.state { format!(" n{}", number % 3) } else { String::new() };
    format!("cell {}{number}", word(cell.state))
}

fn said(row: &Row, cell: &Cell) -> String {
    let mut text = format!("<span class=\"dot\"></span><span class=\"value\">{}</span>", escape(&value(cell)));
    if row.primary.is_some() && row.primary == cell.family && row.cells.len() > 1 {
        text += " <span class=\"badge\" title=\"the primary family\">first</span>";
    }
    let note = match cell.state {
        State::Part => "a part of it",
        State::More => "more than it",
        State::Other(_) => "another range",
        State::Unread => "filled in later",
        _ => "",
    };
    if !note.is_empty() {
        let _ = write!(text, "<span class=\"note\">{note}</span>");
    }
    text
}

/// A rule that opens to what it means.
fn explained(rule: &Rule) -> String {
    let [id, title, why, remedy] = [rule.id, rule.title, rule.why, rule.remedy].map(escape);
    format!("<details><summary><code>{id}</code></summary><p><b>{title}.</b> {why}</p><p>{remedy}</p></details>")
}

/// Where something is; lines may break in front of a step of the path.
fn at(Place { at, name, path }: &Place) -> String {
    let code = |class: &str, text: &str| if text.is_empty() { String::new() } else { format!("<code class=\"{class}\">{text}</code> ") };
    let path = escape(path).replace('.', "<wbr>.").replace('[', "<wbr>[");
    format!("<span class=\"at\">{}{}{}</span>", code("file", &escape(at)), code("name", &escape(name)), code("path", &path))
}

fn mark(mark: &Mark) -> String {
    let object = mark.object.as_ref().map(|object| format!("<p class=\"object\">{}</p>", escape(object))).unwrap_or_default();
    let message = if mark.message == mark.rule.title { String::new() } else { format!("<p>{}</p>", escape(&mark.message)) };
    let open = if mark.severity == Severity::Error { " open" } else { "" };
    format!(
        "<details class=\"mark {}\"{open}><summary><b>{}</b> <code>{}</code></summary>{message}{object}<p class=\"remedy\">{}</p></details>\n",
        mark.severity.word(),
        escape(mark.rule.title),
        mark.rule.id,
        escape(mark.rule.remedy)
    )
}

/// The text as HTML, in elements and in attributes.
fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in plain(text).chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}
