//! Which files make a package.
//!
//! Objects refer to each other, and their ranges must agree, within one cluster. A tree of files can hold several: a
//! package is the largest folder in which no object is there twice. So `clusters/a` and `clusters/b` are two packages, and
//! so are a base and the overlays that patch it; `calico/` and `kubeadm/` of one cluster are one. Files that lie directly in
//! a folder that had to be taken apart are one package of their own.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::path::{Component, Path};

use crate::package::Package;

/// Group, kind, namespace and name: what Kubernetes has once.
pub(super) type Identity = [String; 4];

/// The objects of a file that a cluster has once.
pub(super) fn identities(package: &Package<'_>) -> Vec<Identity> {
    let for_tools = |group: &str| matches!(group, "kustomize.config.k8s.io" | "kpt.dev");
    let named = package.all().iter().filter(|resource| !resource.name.is_empty() && !for_tools(resource.group()));
    named.map(|resource| [resource.group(), &resource.kind, &resource.namespace, &resource.name].map(str::to_owned)).collect()
}

/// The packages that these files make: the positions of the files of each, in order.
pub(super) fn group(files: &[(&Path, Vec<Identity>)]) -> Vec<Vec<usize>> {
    let mut packages = Vec::new();
    split(files, (0..files.len()).collect(), 0, &mut packages);
    packages.sort();
    packages
}

fn split(files: &[(&Path, Vec<Identity>)], members: Vec<usize>, depth: usize, packages: &mut Vec<Vec<usize>>) {
    if members.is_empty() {
        return;
    }
    let mut direct = Vec::new();
    let mut folders: BTreeMap<&OsStr, Vec<usize>> = BTreeMap::new();
    for &member in &members {
        let mut steps = files[member].0.components().skip(depth).map(Component::as_os_str);
        match (steps.next(), steps.next()) {
            (Some(folder), Some(_)) => folders.entry(folder).or_default().push(member),
            _ => direct.push(member),
        }
    }
    if folders.is_empty() || !has_twice(files, &members) {
        packages.push(members);
        return;
    }
    packages.extend(Some(direct).filter(|direct| !direct.is_empty()));
    for members in folders.into_values() {
        split(files, members, depth + 1, packages);
    }
}

/// Whether an object is in two of the files.
fn has_twice(files: &[(&Path, Vec<Identity>)], members: &[usize]) -> bool {
    let mut seen = HashMap::new();
    let mut identities = members.iter().flat_map(|&member| files[member].1.iter().map(move |identity| (identity, member)));
    identities.any(|(identity, member)| seen.insert(identity, member).is_some_and(|other| other != member))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each file with the names of its objects.
    fn packages(files: &[(&str, &[&str])]) -> Vec<Vec<String>> {
        let identity = |name: &&str| ["apps", "DaemonSet", "kube-system", name].map(str::to_owned);
        let with: Vec<_> = files.iter().map(|(path, names)| (Path::new(*path), names.iter().map(identity).collect())).collect();
        group(&with).into_iter().map(|package| package.into_iter().map(|file| files[file].0.to_owned()).collect()).collect()
    }

    #[test]
    fn files_of_one_cluster_are_one_package() {
        let files: &[(&str, &[&str])] = &[("kubeadm/config.yaml", &[]), ("calico/a.yaml", &["a"]), ("b.yaml", &["b", "b"])];
        assert_eq!(packages(files), [["kubeadm/config.yaml", "calico/a.yaml", "b.yaml"]]);
    }

    #[test]
    fn an_object_that_is_there_twice_takes_a_folder_apart() {
        let files: &[(&str, &[&str])] = &[
            ("x/clusters/a/calico.yaml", &["calico-node"]),
            ("x/clusters/a/kube.yaml", &["proxy"]),
            ("x/clusters/b/calico.yaml", &["calico-node"]),
            ("x/clusters/b/deep/kube.yaml", &["proxy"]),
            ("x/clusters/shared.yaml", &["shared"]),
            ("x/other/1.yaml", &["other"]),
        ];
        assert_eq!(
            packages(files),
            [
                vec!["x/clusters/a/calico.yaml", "x/clusters/a/kube.yaml"],
                vec!["x/clusters/b/calico.yaml", "x/clusters/b/deep/kube.yaml"],
                vec!["x/clusters/shared.yaml"],
                vec!["x/other/1.yaml"],
            ]
        );
    }

    #[test]
    fn files_of_one_folder_stay_together_even_so() {
        assert_eq!(packages(&[("a.yaml", &["x"]), ("b.yaml", &["x"])]), [["a.yaml", "b.yaml"]]);
    }
}
