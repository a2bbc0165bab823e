//! Several files as one package: objects of one cluster refer to each other across files.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Around, Form, Package, PackageError, Resource};

/// A file: what it is called, and what is in it.
pub type File<'t> = (&'t str, &'t str);

/// What `answer` makes of the objects of all files, as one package, in this order. An object's
/// [file](Resource::file) is the one here. As [`with`](super::with), it is asked once more where an object cannot be read
/// alone.
///
/// # Errors
/// The position of a file that is no package, and why.
pub fn with_files<T>(files: &[File<'_>], answer: impl Fn(&Package<'_>) -> T) -> Result<T, (usize, PackageError)> {
    let read = |file, text| Package::read(text).map_err(|error| (file, error));
    let scanned: Result<Vec<_>, _> =
        files.iter().enumerate().map(|(file, (_, text))| Package::scan(text).map_or_else(|| read(file, text), Ok)).collect();
    let scanned = scanned?;
    let misread: Vec<_> = scanned.iter().map(|package| Rc::clone(&package.misread)).collect();
    let answered = answer(&join(files, scanned));
    if !misread.iter().any(|misread| misread.get()) {
        return Ok(answered);
    }
    let read: Result<Vec<_>, _> = files.iter().enumerate().map(|(file, (_, text))| read(file, text)).collect();
    Ok(answer(&join(files, read?)))
}

fn join<'t>(files: &[File<'t>], packages: Vec<Package<'t>>) -> Package<'t> {
    let mut resources: Vec<Resource<'t>> = Vec::new();
    let mut by_kind: BTreeMap<Cow<'t, str>, Vec<usize>> = BTreeMap::new();
    for ((name, _), package) in files.iter().zip(packages) {
        for resource in package.resources {
            let index = resources.len();
            by_kind.entry(resource.kind.clone()).or_default().push(index);
            resources.push(Resource { index, origin: Some(name), ..resource });
        }
    }
    Package {
        text: "",
        form: Form::Stream,
        resources,
        by_kind,
        by_name: RefCell::default(),
        around: Around::Nothing,
        config_identity: None,
        misread: Rc::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds_and_files(files: &[File<'_>]) -> Result<Vec<String>, usize> {
        let told = |package: &Package<'_>| {
            let resources = package.all().iter();
            resources.map(|resource| format!("{} {resource} {}", resource.index, resource.file().unwrap_or_default())).collect()
        };
        with_files(files, told).map_err(|(file, _)| file)
    }

    #[test]
    fn objects_know_their_file() {
        let list = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: B}\n- {apiVersion: v1, kind: C}\n";
        assert_eq!(
            kinds_and_files(&[("a", "apiVersion: v1\nkind: A\n"), ("empty", ""), ("b", list)]),
            Ok(vec!["0 A of v1 a".to_owned(), "1 B of v1 b".to_owned(), "2 C of v1 b".to_owned()])
        );
        assert_eq!(kinds_and_files(&[("a", ""), ("b", "a: [\n")]), Err(1));
    }

    #[test]
    fn an_object_that_cannot_be_read_alone_is_read_with_its_file() {
        let text = "apiVersion: v1\nkind: A\nmetadata: &m\n  name: a\n---\napiVersion: v1\nkind: B\nmetadata: {name: \"b\n";
        let asked = |package: &Package<'_>| package.all().iter().map(|resource| resource.root().span().end).max();
        assert_eq!(with_files(&[("a", text)], asked).map_err(|(file, _)| file), Err(0));
    }
}
