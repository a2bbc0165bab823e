//! Writes all mutants of a crate into its sources at once, each behind a switch, so that one build serves to try them all.
//!
//! `mutants LIST FOLDER` takes what `cargo mutants --list --json` says and the crate of which it says so. A mutant is known by
//! its place in LIST; `crate::mutant(17)` holds where the environment says `MUTANT=17`. On stdout comes a line
//! `file start end number` for all that was written, bytes of the new file, and `- - - number` for a mutant that no switch can
//! stand for: who compiles the crate finds with it which mutants do not compile.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::path::Path;
use std::{env, fs};

use proc_macro2::{LineColumn, Span};
use serde::Deserialize;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

#[derive(Deserialize)]
struct Mutant {
    #[serde(default)]
    number: usize,
    file: String,
    genre: String,
    replacement: String,
    span: Lines,
}

#[derive(Deserialize)]
struct Lines {
    start: Spot,
}

#[derive(Deserialize)]
struct Spot {
    line: usize,
    column: usize,
}

/// What goes around a stretch of the source: in front of it a piece for each mutant.
struct Wrap {
    span: Range<usize>,
    before: Vec<(usize, String)>,
    after: &'static str,
}

struct Writer<'a> {
    source: &'a str,
    /// The mutants of the file by where they start.
    at: HashMap<(usize, usize), Vec<&'a Mutant>>,
    wraps: Vec<Wrap>,
    /// The outermost of the operators that stand in one another without parentheses: another one binds otherwise.
    /// With whether there is a `let` in them, which can stand nowhere else.
    chain: Option<(Span, bool)>,
}

const SWITCH: &str = r#"
/// Whether the mutant is the one that the environment asks for; notes which were asked about where it says `MUTANTS_REACHED`.
pub fn mutant(number: usize) -> bool {
    use std::io::Write as _;
    use std::sync::{Mutex, OnceLock};
    static ACTIVE: OnceLock<Option<usize>> = OnceLock::new();
    static REACHED: OnceLock<Option<Mutex<(std::collections::HashSet<usize>, std::fs::File)>>> = OnceLock::new();
    let reached = REACHED.get_or_init(|| {
        let file = std::env::var_os("MUTANTS_REACHED")?;
        Some(Mutex::new((Default::default(), std::fs::File::options().create(true).append(true).open(file).ok()?)))
    });
    if let Some(reached) = reached {
        let mut reached = reached.lock().unwrap_or_else(|broken| broken.into_inner());
        if reached.0.insert(number) {
            let _ = reached.1.write_all(format!("{number}\n").as_bytes());
        }
    }
    *ACTIVE.get_or_init(|| std::env::var("MUTANT").ok()?.parse().ok()) == Some(number)
}

/// Nothing, where it is the mutant.
pub fn unless_mutant<T>(number: usize, all: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
    all.take(if mutant(number) { 0 } else { usize::MAX })
}
"#;

fn main() {
    let [_, list, folder] = &env::args().collect::<Vec<_>>()[..] else { panic!("usage: mutants LIST FOLDER") };
    let mut mutants: Vec<Mutant> = serde_json::from_str(&fs::read_to_string(list).expect("LIST")).expect("JSON of cargo-mutants");
    mutants.iter_mut().enumerate().for_each(|(number, mutant)| mutant.number = number);
    // `-` in the place of a replacement: the mutant is left out, and keeps its number.
    let mut files = BTreeMap::<&str, Vec<&Mutant>>::new();
    for mutant in mutants.iter().filter(|mutant| mutant.genre != "-") {
        files.entry(&mutant.file).or_default().push(mutant);
    }
    for (file, mutants) in files {
        let path = Path::new(folder).join(file);
        let source = fs::read_to_string(&path).expect("a source");
        let wraps = wraps(&source, &mutants);
        let known: HashSet<usize> = wraps.iter().flat_map(|wrap| &wrap.before).map(|(number, _)| *number).collect();
        for mutant in mutants.iter().filter(|mutant| !known.contains(&mutant.number)) {
            println!("- - - {}", mutant.number);
        }
        fs::write(&path, written(file, &source, wraps)).expect("written");
    }
    let lib = Path::new(folder).join("src/lib.rs");
    let source = fs::read_to_string(&lib).expect("src/lib.rs");
    fs::write(lib, format!("#![allow(warnings, arithmetic_overflow, unconditional_panic)]\n{source}{SWITCH}")).expect("written");
}

/// What the mutants put around stretches of the source.
fn wraps(source: &str, mutants: &[&Mutant]) -> Vec<Wrap> {
    let mut at = HashMap::<_, Vec<_>>::new();
    for mutant in mutants {
        at.entry((mutant.span.start.line, mutant.span.start.column)).or_default().push(*mutant);
    }
    let mut writer = Writer { source, at, wraps: Vec::new(), chain: None };
    writer.visit_file(&syn::parse_file(source).expect("Rust"));
    writer.wraps
}

/// The source with all that goes around its stretches; says on stdout where it is.
fn written(file: &str, source: &str, wraps: Vec<Wrap>) -> String {
    // Where several begin, the longest is first; where several end, the shortest. Of two alike, the first in the list is the outer.
    let mut places = Vec::new();
    for (index, wrap) in wraps.iter().enumerate() {
        let (length, order) = (wrap.span.len() as isize, index as isize);
        places.push(((wrap.span.start, 1, -length, order), true, wrap));
        places.push(((wrap.span.end, usize::from(length == 0), length, -order), false, wrap));
    }
    places.sort_by_key(|(place, ..)| *place);
    let (mut out, mut done) = (String::new(), 0);
    for ((at, ..), begins, wrap) in places {
        out.push_str(&source[done..at]);
        done = at;
        if !begins {
            out.push_str(wrap.after);
            continue;
        }
        for (number, text) in &wrap.before {
            println!("{file} {} {} {number}", out.len(), out.len() + text.len());
            out.push_str(text);
        }
    }
    out + &source[done..]
}

impl<'a> Writer<'a> {
    fn of(&self, at: LineColumn, genre: &str) -> Vec<&'a Mutant> {
        let found = self.at.get(&(at.line, at.column + 1)).into_iter().flatten();
        found.copied().filter(|mutant| mutant.genre == genre).collect()
    }

    fn text(&self, span: Span) -> &'a str {
        &self.source[span.byte_range()]
    }

    /// `(if crate::mutant(17) {…} else {the stretch})`, for each of the mutants with what it makes of the stretch.
    fn switch(&mut self, span: Span, mutants: Vec<(&Mutant, String)>) {
        let Some(last) = mutants.len().checked_sub(1) else { return };
        let piece = |(index, (mutant, text)): (usize, (&Mutant, String))| {
            let (open, close) = (if index == 0 { "(" } else { "" }, if index == last { "{ " } else { "" });
            (mutant.number, format!("{open}if crate::mutant({}) {{ {text} }} else {close}", mutant.number))
        };
        let before = mutants.into_iter().enumerate().map(piece).collect();
        self.wraps.push(Wrap { span: span.byte_range(), before, after: " })" });
    }

    /// The arm as if it were not there.
    fn without(&mut self, of: &syn::Arm) {
        for mutant in self.of(of.span().start(), "MatchArm") {
            let end = of.pat.span().byte_range().end;
            let (span, before, after) = match &of.guard {
                Some((_, guard)) => (guard.span().byte_range(), format!("!crate::mutant({}) && (", mutant.number), ")"),
                None => (end..end, format!(" if !crate::mutant({})", mutant.number), ""),
            };
            self.wraps.push(Wrap { span, before: vec![(mutant.number, before)], after });
        }
    }

    /// One type is behind an `impl …` in what a function gives back, so that no second one can stand beside it: of an iterator,
    /// there is only a switch for none at all.
    fn body(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let Some(first) = block.stmts.first() else { return };
        if self.text(signature.output.span()).contains("impl ") {
            let Some(syn::Stmt::Expr(last, None)) = block.stmts.last() else { return };
            for mutant in self.of(first.span().start(), "FnValue").into_iter().filter(|mutant| mutant.replacement == "::std::iter::empty()")
            {
                let before = vec![(mutant.number, format!("crate::unless_mutant({}, ", mutant.number))];
                self.wraps.push(Wrap { span: last.span().byte_range(), before, after: ")" });
            }
            return;
        }
        for mutant in self.of(first.span().start(), "FnValue") {
            let open = block.brace_token.span.open().byte_range().end;
            let before = format!(" if crate::mutant({}) {{ return {}; }} ", mutant.number, mutant.replacement);
            self.wraps.push(Wrap { span: open..open, before: vec![(mutant.number, before)], after: "" });
        }
    }
}

fn matches_all(pattern: &syn::Pat) -> bool {
    match pattern {
        syn::Pat::Wild(_) => true,
        syn::Pat::Ident(of) => of.ident.to_string().starts_with(char::is_lowercase),
        _ => false,
    }
}

fn has_let(expression: &syn::Expr) -> bool {
    match expression {
        syn::Expr::Let(_) => true,
        syn::Expr::Binary(of) => has_let(&of.left) || has_let(&of.right),
        _ => false,
    }
}

impl<'a> Visit<'a> for Writer<'_> {
    fn visit_item_fn(&mut self, of: &'a syn::ItemFn) {
        self.body(&of.sig, &of.block);
        visit::visit_item_fn(self, of);
    }

    fn visit_impl_item_fn(&mut self, of: &'a syn::ImplItemFn) {
        self.body(&of.sig, &of.block);
        visit::visit_impl_item_fn(self, of);
    }

    fn visit_expr_binary(&mut self, of: &'a syn::ExprBinary) {
        let whole @ (chain, lets) = self.chain.unwrap_or_else(|| (of.span(), has_let(&of.left) || has_let(&of.right)));
        if !lets {
            let (text, from) = (self.text(chain), chain.byte_range().start);
            let operator = of.op.span().byte_range();
            let (left, right) = (&text[..operator.start - from], &text[operator.end - from..]);
            let mutants = self.of(of.op.span().start(), "BinaryOperator");
            let made = |mutant: &Mutant| format!("{left}{}{right}", mutant.replacement);
            self.switch(chain, mutants.into_iter().map(|mutant| (mutant, made(mutant))).collect());
        }
        for operand in [&of.left, &of.right] {
            let around = self.chain;
            self.chain = matches!(**operand, syn::Expr::Binary(_)).then_some(whole);
            self.visit_expr(operand);
            self.chain = around;
        }
    }

    fn visit_expr_unary(&mut self, of: &'a syn::ExprUnary) {
        let inner = self.text(of.expr.span()).to_owned();
        let mutants = self.of(of.op.span().start(), "UnaryOperator");
        self.switch(of.span(), mutants.into_iter().map(|mutant| (mutant, inner.clone())).collect());
        visit::visit_expr_unary(self, of);
    }

    fn visit_expr_match(&mut self, of: &'a syn::ExprMatch) {
        // An arm with a guard matches nothing for certain: only where another matches all, each can have one.
        if of.arms.iter().any(|arm| arm.guard.is_none() && matches_all(&arm.pat)) {
            of.arms.iter().for_each(|arm| self.without(arm));
        }
        visit::visit_expr_match(self, of);
    }

    fn visit_arm(&mut self, of: &'a syn::Arm) {
        if let Some((_, guard)) = of.guard.as_ref().filter(|(_, guard)| !has_let(guard)) {
            let mutants = self.of(guard.span().start(), "MatchArmGuard");
            self.switch(guard.span(), mutants.into_iter().map(|mutant| (mutant, mutant.replacement.clone())).collect());
        }
        visit::visit_arm(self, of);
    }

    fn visit_expr_struct(&mut self, of: &'a syn::ExprStruct) {
        for field in &of.fields {
            let (syn::Member::Named(name), Some(rest)) = (&field.member, &of.rest) else { continue };
            for mutant in self.of(field.span().start(), "StructField") {
                let of_rest = format!("({}).{name}", self.text(rest.span()));
                if field.colon_token.is_some() {
                    self.switch(field.expr.span(), vec![(mutant, of_rest)]);
                } else {
                    let before = format!("{name}: if crate::mutant({}) {{ {of_rest} }} else {{ ", mutant.number);
                    let span = field.span().byte_range();
                    self.wraps.push(Wrap { span, before: vec![(mutant.number, before)], after: " }" });
                }
            }
        }
        visit::visit_expr_struct(self, of);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The source with a mutant at each of the places: (line, column, genre, replacement).
    fn with(source: &str, places: &[(usize, usize, &str, &str)]) -> String {
        let mutant = |(number, &(line, column, genre, replacement)): (usize, &(usize, usize, &str, &str))| Mutant {
            number,
            file: String::new(),
            genre: genre.into(),
            replacement: replacement.into(),
            span: Lines { start: Spot { line, column } },
        };
        let mutants: Vec<_> = places.iter().enumerate().map(mutant).collect();
        written("", source, wraps(source, &mutants.iter().collect::<Vec<_>>()))
    }

    #[test]
    fn a_function_gives_something_else_back() {
        let of_bool = with("fn f() -> bool {\n    g()\n}", &[(2, 5, "FnValue", "true"), (2, 5, "FnValue", "false")]);
        let switches = " if crate::mutant(0) { return true; }  if crate::mutant(1) { return false; } ";
        assert_eq!(of_bool, format!("fn f() -> bool {{{switches}\n    g()\n}}"));
        let hidden = "fn f() -> impl Iterator<Item = u8> {\n    g()\n}";
        assert_eq!(with(hidden, &[(2, 5, "FnValue", "::std::iter::once(0)")]), hidden);
        let none = with(hidden, &[(2, 5, "FnValue", "::std::iter::empty()")]);
        assert_eq!(none, hidden.replace("g()", "crate::unless_mutant(0, g())"));
    }

    #[test]
    fn another_operator_binds_as_its_text_would() {
        let source = "fn f() { a && b && c }";
        let inner = "fn f() { (if crate::mutant(0) { a || b && c } else { a && b && c }) }";
        assert_eq!(with(source, &[(1, 12, "BinaryOperator", "||")]), inner);
        let both = with("fn f() { a < b + 1 }", &[(1, 12, "BinaryOperator", ">"), (1, 16, "BinaryOperator", "-")]);
        let expected = "(if crate::mutant(0) { a > b + 1 } else { (if crate::mutant(1) { a < b - 1 } else { a < b + 1 }) })";
        assert_eq!(both, format!("fn f() {{ {expected} }}"));
        let lets = "fn f() { if a && let Some(b) = c && d {} }";
        assert_eq!(with(lets, &[(1, 15, "BinaryOperator", "||")]), lets);
    }

    #[test]
    fn an_arm_goes_where_another_matches_all() {
        let source = "fn f() { match a { 1 => b, 2 if !c => d, _ => e } }";
        let places = [(1, 20, "MatchArm", ""), (1, 28, "MatchArm", ""), (1, 33, "MatchArmGuard", "true"), (1, 33, "UnaryOperator", "")];
        let expected = "1 if !crate::mutant(0) => b, 2 if !crate::mutant(1) && ((if crate::mutant(2) { true } else { (if crate::mutant(3) { c } else { !c }) })) => d";
        assert_eq!(with(source, &places), format!("fn f() {{ match a {{ {expected}, _ => e }} }}"));
        let complete = "fn f() { match a { A => b, _ if c => d, B => e } }";
        assert_eq!(with(complete, &[(1, 20, "MatchArm", "")]), complete);
    }

    #[test]
    fn a_field_is_that_of_the_rest() {
        let source = "fn f() { A { b: 1, c, ..d() } }";
        let expected = "A { b: (if crate::mutant(0) { (d()).b } else { 1 }), c: if crate::mutant(1) { (d()).c } else { c }, ..d() }";
        let places = [(1, 14, "StructField", ""), (1, 20, "StructField", "")];
        assert_eq!(with(source, &places), format!("fn f() {{ {expected} }}"));
    }
}
