//! What a Secret says stays in it: hosts show results and stderr to everybody, Argo CD in its user interface.

use std::collections::HashSet;

use crate::cidr::Cidr;
use crate::package::{Package, Resource};
use crate::results::Report;
use crate::text::Span;
use crate::yaml::{Kind, Node, Tree, Value};

/// Stands for a value of a Secret in a message.
const HIDDEN: &str = "…";

/// What everybody knows, and so tells nothing: switches, and what Calico's host-local has in place of a range
/// (https://docs.tigera.io/calico/latest/reference/configure-cni-plugins).
const NO_SECRETS: [&str; 5] = ["", "true", "false", "usePodCidr", "usePodCidrIPv6"];

/// Takes the values of the package's Secrets out of what is said: where a message quotes one, and where a result would show
/// it. Systems read ranges and CNI configs from Secrets, too, and need not think of it.
pub fn hide(reports: &mut [Report], package: &Package<'_>) {
    // What nobody has read, nobody can tell.
    let secrets: Vec<_> = package.all().iter().filter(|resource| is_secret(resource) && resource.is_read()).collect();
    if secrets.is_empty() {
        return;
    }
    let mut known = HashSet::new();
    for secret in secrets {
        let fields = ["data", "stringData"].iter().filter_map(|field| secret.root().get(field));
        fields.for_each(|field| collect(field, &mut known));
    }
    for report in reports {
        let of_secret = report.resource.and_then(|index| package.all().get(index)).is_some_and(is_secret);
        report.message = hidden(&report.message, &known);
        report.current = report.current.take().filter(|value| !of_secret && !shows(value, &known));
        report.proposed = report.proposed.take().filter(|value| !shows(value, &known));
    }
}

fn is_secret(resource: &Resource<'_>) -> bool {
    resource.is("", "Secret")
}

/// All that the scalars at and below `node` say: as a whole, each word, a range in canonical form, too, and so on in the
/// documents that they hold.
fn collect(node: Node<'_>, known: &mut HashSet<String>) {
    for text in node.descendants().filter(|node| !node.is_alias()).filter_map(Node::text) {
        let new = [text].into_iter().chain(text.split('"')).chain(words(text)).filter(|word| !NO_SECRETS.contains(word));
        for word in new {
            known.extend(Cidr::parse(word).ok().map(|parsed| parsed.cidr.to_string()));
            known.insert(word.to_owned());
        }
        let holds_more = text.contains(['{', ':', '-']) && text.len() < node.source().len();
        if let Some(tree) = Tree::parse(text, Span::new(0, text.len())).ok().filter(|_| holds_more) {
            let inner = tree.roots().filter(|root| matches!(root.kind(), Kind::Mapping(_) | Kind::Sequence(_)));
            inner.for_each(|root| collect(root, known));
        }
    }
}

/// The words of a value: a message may quote one of several ranges, or a piece of a text with quotes in it.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(['"', ',', ' ', '\n', '\t']).filter(|word| !word.is_empty())
}

/// The message without values: what is in quotes, and each word of it.
fn hidden(message: &str, known: &HashSet<String>) -> String {
    let pieces = message.split('"').enumerate().map(|(number, piece)| match number % 2 {
        _ if known.contains(piece) => HIDDEN.to_owned(),
        0 => piece.to_owned(),
        _ => words(piece).filter(|word| known.contains(*word)).fold(piece.to_owned(), |piece, word| piece.replace(word, HIDDEN)),
    });
    pieces.collect::<Vec<_>>().join("\"")
}

fn shows(value: &Value, known: &HashSet<String>) -> bool {
    match value {
        Value::Str(text) | Value::Number(text) => known.contains(text) || words(text).any(|word| known.contains(word)),
        Value::List(items) => items.iter().any(|item| shows(item, known)),
        Value::Map(entries) => entries.iter().any(|(_, value)| shows(value, known)),
        Value::Null | Value::Bool(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_value_is_hidden_and_the_words_around_it_are_not() {
        let text = "a: 10.1.0.0/16, FD00:0::/48\nb: '{\"type\": \"host-local\", \"name\": \"x\\\" hunter\"}'\nc: \"true\"\nd: usePodCidr\n";
        let tree = Tree::parse(text, Span::new(0, text.len())).expect("YAML");
        let mut known = HashSet::new();
        collect(tree.roots().next().expect("a document"), &mut known);
        let hidden = |message| hidden(message, &known);
        assert_eq!(hidden("host-local gives \"10.1.0.0/16\", set to \"true\""), "host-local gives \"…\", set to \"true\"");
        assert_eq!(hidden("`ranges` gets \"usePodCidr\""), "`ranges` gets \"usePodCidr\"");
        assert_eq!(hidden("\"fd00::/48\" and \"invalid: 10.1.0.0/16,fd01::/56\""), "\"…\" and \"invalid: …,fd01::/56\"");
        assert_eq!(hidden("is of \"host-local\", named \"x\" hunter\""), "is of \"…\", named \"…\"…\"");
    }
}
