//! Files: which ones are meant, what is in them, and how one is replaced.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use rayon::prelude::*;
use tempfile::NamedTempFile;

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
            Ok(entry) if may_be_manifest(entry.path()) => match fs::metadata(entry.path()) {
                Ok(status) if status.is_file() => found.push((entry.into_path(), false)),
                // A link to nothing is no file either.
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    unreadable.push(Unreadable { name: name(entry.path()), reason: error.to_string() });
                }
                _ => {}
            },
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

/// Replaces the content of a file, `old` when it was read, in one step: a reader sees the old bytes or the new ones, after a
/// crash, too. A symbolic link stays one; the permissions and, where that is allowed, the owner of the file stay.
///
/// # Errors
/// The file cannot be written to, is no regular file, or is not what it was when it was read. Then it is left as it is.
pub(super) fn replace(path: &Path, old: &str, new: &str) -> io::Result<()> {
    let path = &fs::canonicalize(path)?;
    let status = fs::metadata(path)?;
    if !status.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    // A file can be replaced in a folder that one may write to, whoever may write to the file: so it is asked for.
    if status.permissions().readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is read-only"));
    }
    File::options().append(true).open(path)?;
    let file = temporary(path, new.as_bytes(), 0o600)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let _ = std::os::unix::fs::fchown(file.as_file(), Some(status.uid()), Some(status.gid()));
    }
    file.as_file().set_permissions(status.permissions())?;
    file.as_file().sync_all()?;
    let now = fs::read(path)?;
    if now == new.as_bytes() {
        // Another run has made the same edits.
        return Ok(());
    }
    // As late as can be: what somebody else writes between here and the new name is lost.
    let is_same = || fs::metadata(path).and_then(|now| Ok(now.len() == status.len() && now.modified()? == status.modified()?));
    if now != old.as_bytes() || !is_same()? {
        return Err(io::Error::other("it was changed while it was looked at, and was left so: run again"));
    }
    persist(file, path)
}

/// Writes a file, in one step, whether there is one or not.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    match fs::read_to_string(path) {
        Ok(old) => replace(path, &old, text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path, text.as_bytes(), 0o666),
        Err(error) => Err(error),
    }
}

/// Writes a program, in one step.
pub(super) fn write_program(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    create(path, bytes, 0o777)
}

/// A file with these permissions, in place of one if there is one.
fn create(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let file = temporary(path, bytes, mode)?;
    file.as_file().sync_all()?;
    persist(file, path)
}

/// A new file in the folder of `path`, to take its place, with these permissions as far as the user's mask has them.
#[cfg_attr(not(unix), expect(unused_variables, reason = "other systems have other permissions"))]
fn temporary(path: &Path, bytes: &[u8], mode: u32) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".enable-dual-stack-");
    #[cfg(unix)]
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
    #[cfg(unix)]
    builder.permissions(permissions);
    let mut file = builder.tempfile_in(folder_of(path))?;
    file.write_all(bytes)?;
    Ok(file)
}

/// Gives a file that is on the disk its name, which is there when its folder is.
fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.persist(path).map_err(|error| error.error)?;
    File::open(folder_of(path)).and_then(|folder| folder.sync_all())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
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
        replace(&link, "old", "new").unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"new");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left behind");
    }

    #[test]
    fn an_edit_of_somebody_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        assert!(replace(&file, "old", "new").is_err());
        assert!(!file.exists(), "a file that is gone does not come back");
        fs::write(&file, "theirs").unwrap();
        let error = replace(&file, "old", "new").unwrap_err();
        assert_eq!(error.to_string(), "it was changed while it was looked at, and was left so: run again");
        assert_eq!(fs::read(&file).unwrap(), b"theirs");
        fs::write(&file, "new").unwrap();
        replace(&file, "old", "new").expect("another run made the same edit");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left behind");
    }

    #[test]
    fn a_read_only_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "old").unwrap();
        let mut permissions = fs::metadata(&file).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&file, permissions).unwrap();
        assert_eq!(replace(&file, "old", "new").unwrap_err().to_string(), "it is read-only");
        assert_eq!(fs::read(&file).unwrap(), b"old");
    }

    #[cfg(unix)]
    #[test]
    fn a_program_can_be_run() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        fs::write(&program, "old").unwrap();
        write_program(&program, b"new").unwrap();
        assert_eq!(fs::metadata(&program).unwrap().permissions().mode() & 0o700, 0o700);
        assert_eq!(fs::read(&program).unwrap(), b"new");
    }
}
