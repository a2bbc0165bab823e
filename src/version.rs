//! Versions of Kubernetes and Calico, as far as they decide about edits: major and minor.

use std::fmt;

/// A release line, such as `v3.28`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The first number.
    pub major: u32,
    /// The second number.
    pub minor: u32,
}

impl Version {
    /// The release line `major.minor`.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// Reads `v1.30.2`, `1.30`, `v3.28.0-0.dev`, `v1.27.3-gke.100`, `v1.31.4+k3s1`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix('v').unwrap_or(text).splitn(3, '.');
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next()?;
        let digits = minor.find(|c: char| !c.is_ascii_digit()).unwrap_or(minor.len());
        let rest_is_a_version = matches!(minor.as_bytes().get(digits), None | Some(b'-' | b'+'));
        Some(Self { major, minor: minor[..digits].parse().ok().filter(|_| rest_is_a_version)? })
    }

    /// Reads the tag of an image: `docker.io/calico/node:v3.28.1`, also with a digest behind it. A tag such as
    /// `master`, or a digest alone, tells nothing.
    pub fn of_image(image: &str) -> Option<Self> {
        let image = image.split_once('@').map_or(image, |(image, _)| image);
        let (_, tag) = image.rsplit_once('/').map_or(image, |(_, last)| last).split_once(':')?;
        Self::parse(tag)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions_and_tags() {
        for text in ["v3.28.1", "3.28", "v3.28.0-0.dev-123-gabc", "v3.28-hostprocess", "v3.28.4+k3s1"] {
            assert_eq!(Version::parse(text), Some(Version::new(3, 28)), "{text}");
        }
        for text in ["", "v3", "master", "latest", "v3.x", "3.28rc", "v.1"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }

    #[test]
    fn reads_images() {
        let v3_20 = Some(Version::new(3, 20));
        assert_eq!(Version::of_image("docker.io/calico/node:v3.20.6"), v3_20);
        assert_eq!(Version::of_image("registry:5000/mirror/calico-node:v3.20"), v3_20);
        assert_eq!(Version::of_image("calico/node:v3.20.0@sha256:abc"), v3_20);
        assert_eq!(Version::of_image("registry:5000/calico/node"), None);
        assert_eq!(Version::of_image("calico/node:master"), None);
        assert_eq!(Version::of_image("calico/node@sha256:abc"), None);
    }
}
