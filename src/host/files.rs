//! Files: which ones are meant, what is in them, and how one is replaced.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use rayon::prelude::*;

use super::input;

/// A file, read.
#[derive(Clone, Debug)]
pub(super) struct SourceFile {
    /// How people call it: the path as it was given, with `/`; `stdin` for stdin.
    pub name: String,
    /// Where it is; none for stdin.
    pub path: Option<PathBuf>,
    /// Whether it was named, not found in a folder.
    pub named: bool,
    /// What is in it.
    pub text: String,
}

/// A file or folder that could not be read.
#[derive(Clone, Debug)]
pub(super) struct Unreadable {
    /// How people call it.
    pub name: String,
    /// Why not.
    pub reason: String,
}

/// Reads the files at `paths`, and those of Kubernetes' formats in the folders there, in parallel; `-` is stdin. What git
/// ignores and hidden files are left out, links to files are followed. The files are in order of the arguments, in a folder by name, each once.
pub(super) fn read(paths: &[PathBuf], tick: &(dyn Fn(usize, usize) + Sync)) -> (Vec<SourceFile>, Vec<Unreadable>) {
    let (mut found, mut unreadable, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for path in paths {
        if path.as_os_str() == "-" {
            found.push((path.clone(), true));
        } else if path.is_dir() {
            walk(path, &mut found, &mut unreadable);
        } else {
            found.push((path.clone(), true));
        }
    }
    // A link to a file that is there, too, is the same file.
    found.retain(|(path, _)| seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())));
    let total = found.len();
    let read: Vec<_> = found
        .into_par_iter()
        .map(|(path, named)| {
            let file = read_one(&path, named);
            tick(1, total);
            file
        })
        .collect();
    let mut files = Vec::new();
    for file in read {
        match file {
            Ok(file) => files.push(file),
            Err(reason) => unreadable.push(reason),
        }
    }
    (files, unreadable)
}

fn walk(folder: &Path, found: &mut Vec<(PathBuf, bool)>, unreadable: &mut Vec<Unreadable>) {
    // Outside of a repository of git, too, its ignore files say what does not matter.
    for entry in WalkBuilder::new(folder).require_git(false).sort_by_file_path(Path::cmp).build() {
        match entry {
            Ok(entry) if may_be_manifest(entry.path()) && entry.path().is_file() => {
                found.push((entry.into_path(), false));
            }
            Ok(_) => {}
            Err(error) => unreadable.push(Unreadable { name: name(folder), reason: error.to_string() }),
        }
    }
}

/// Whether the name is one that kubectl, kpt and Argo CD read in a folder.
pub(super) fn may_be_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

/// The path as people write it: no `./` in front, `/` between.
pub(super) fn name(path: &Path) -> String {
    if path.as_os_str() == "-" {
        return "stdin".to_owned();
    }
    let path = path.strip_prefix("./").ok().filter(|rest| !rest.as_os_str().is_empty()).unwrap_or(path);
    path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

/// Reads a file, or stdin where `path` is `-`. A file that is not UTF-8 must be one of objects to matter, unless it was named.
pub(super) fn read_one(path: &Path, named: bool) -> Result<SourceFile, Unreadable> {
    let unreadable = |reason: String| Unreadable { name: name(path), reason };
    if path.as_os_str() == "-" {
        let text = input::read()
            .and_then(input::Input::into_text)
            .map_err(|message| unreadable(message.trim().trim_start_matches("error: ").to_owned()))?;
        return Ok(SourceFile { name: name(path), path: None, named, text });
    }
    let bytes = fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    let is_foreign = !named && memchr::memmem::find(&bytes, b"apiVersion").is_none();
    let text = String::from_utf8(bytes).or_else(|error| if is_foreign { Ok(String::new()) } else { Err(error) }).map_err(|error| {
        let line = 1 + memchr::memchr_iter(b'\n', &error.as_bytes()[..error.utf8_error().valid_up_to()]).count();
        unreadable(format!("line {line} is not UTF-8: convert the file, then it can be read"))
    })?;
    Ok(SourceFile { name: name(path), path: Some(path.to_owned()), named, text })
}

/// What a new file is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mode {
    /// To read: the permissions that are there already, or the usual ones.
    Text,
    /// To run.
    Program,
}

/// Replaces the content of a file in one step: a reader sees the old bytes or the new ones, after a crash, too. A
/// symbolic link stays one; the permissions and, where that is allowed, the owner of the file stay.
pub(super) fn write(path: &Path, bytes: &[u8], mode: Mode) -> io::Result<()> {
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".enable-dual-stack-");
    #[cfg(unix)]
    let new = std::os::unix::fs::PermissionsExt::from_mode(if matches!(mode, Mode::Program) { 0o777 } else { 0o666 });
    #[cfg(unix)]
    builder.permissions(new);
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    if let (Ok(old), Mode::Text) = (fs::metadata(path), mode) {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let _ = std::os::unix::fs::fchown(file.as_file(), Some(old.uid()), Some(old.gid()));
        }
        file.as_file().set_permissions(old.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // The new name is on the disk when the folder is.
    File::open(folder).and_then(|folder| folder.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_people_write_them() {
        assert_eq!(name(Path::new("./a/b.yaml")), "a/b.yaml");
        assert_eq!(name(Path::new("../a.yaml")), "../a.yaml");
        assert_eq!(name(Path::new("./")), "./");
        assert_eq!(name(Path::new("-")), "stdin");
    }

    #[cfg(unix)]
    #[test]
    fn a_replaced_file_keeps_its_permissions_and_links() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, PermissionsExt::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("real", &link).unwrap();
        write(&link, b"new", Mode::Text).unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"new");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left behind");
    }

    #[cfg(unix)]
    #[test]
    fn a_program_can_be_run() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        write(&program, b"old", Mode::Text).unwrap();
        write(&program, b"new", Mode::Program).unwrap();
        assert_eq!(fs::metadata(&program).unwrap().permissions().mode() & 0o700, 0o700);
    }
}
