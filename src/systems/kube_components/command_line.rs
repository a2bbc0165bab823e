//! The command line of a component in a container, in all the ways that it is written.
//!
//! The binary is an element of `command` or `args` of its own, with the flags behind it (kubeadm; behind `/go-runner` with
//! kOps and GCE), as `--name=value` or as two elements; or all of it is one string for a shell. Where there is no `command`,
//! the image knows the binary.

use std::borrow::Cow;
use std::rc::Rc;

use crate::package::Resource;
use crate::plan::{Place, Plan, Rule};
use crate::systems::shared::workload::Container;
use crate::yaml::{Node, Op, Path, Want};

use super::script;

pub(super) static SHELL: Rule = Rule {
    id: "kube-component-shell-script",
    title: "A flag stands in a shell script",
    why: "What the shell makes of it is not known, so it keeps its value: the component may keep one family, or not start.",
    remedy: "Write the flag as one literal word, `--name=value`, once in the script; or as an element of `args`.",
    source: "https://github.com/kubernetes/kubernetes/blob/v1.15.0/cluster/gce/manifests/kube-proxy.manifest (and others)",
};

pub(super) static UNFINISHED: Rule = Rule {
    id: "kube-component-flag-unfinished",
    title: "The last flag lacks its value",
    why: "It would take a flag that is added behind it for its value; the component does not start as it is.",
    remedy: "Give the last flag its value, or remove it.",
    source: "https://github.com/spf13/pflag/blob/v1.0.5/flag.go parseLongArg",
};

/// A component that takes ranges, or refuses the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Component {
    Apiserver,
    ControllerManager,
    Proxy,
    CloudControllerManager,
    /// It takes no ranges, but the feature gate, which kubeadm v1.20 hands to it, too.
    Scheduler,
}

impl Component {
    /// The component that this path, token or image name is the binary of.
    fn of_binary(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        match name {
            "kube-apiserver" => Some(Self::Apiserver),
            "kube-controller-manager" => Some(Self::ControllerManager),
            "kube-proxy" => Some(Self::Proxy),
            "kube-scheduler" => Some(Self::Scheduler),
            "cloud-controller-manager" => Some(Self::CloudControllerManager),
            // Those of the cloud providers: aws-cloud-controller-manager.
            _ => name.ends_with("-cloud-controller-manager").then_some(Self::CloudControllerManager),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Apiserver => "kube-apiserver",
            Self::ControllerManager => "kube-controller-manager",
            Self::Proxy => "kube-proxy",
            Self::Scheduler => "kube-scheduler",
            Self::CloudControllerManager => "cloud-controller-manager",
        }
    }
}

/// A component's command line.
#[derive(Debug)]
pub(super) struct CommandLine<'p> {
    pub component: Component,
    pub resource: &'p Resource<'p>,
    pub image: Option<&'p str>,
    flags: Vec<Flag<'p>>,
    /// The list that ends with the flags, or why none can be added to them.
    list: Result<Path, NoPlace>,
}

/// Why no flag can be added to a command line.
#[derive(Clone, Copy, Debug)]
pub(super) enum NoPlace {
    /// It is a script for a shell.
    Script,
    /// Its last flag has no value, and would take the new flag for it.
    Unfinished,
}

/// One flag of it. There may be very many: they are kept small.
#[derive(Clone, Debug)]
pub(super) struct Flag<'p> {
    /// Without dashes at its front; `_` and `-` are the same to the components.
    pub name: Cow<'p, str>,
    pub value: Cow<'p, str>,
    /// The element with the value, or the string for the shell.
    at: At,
    form: Form<'p>,
}

#[derive(Clone, Debug)]
enum Form<'p> {
    /// `--name=value`; the name as it is written, without the dashes.
    Joined(&'p str),
    /// `--name`, at this place, and the value behind it.
    Split(At),
    /// In this string for a shell.
    Script(&'p str),
}

/// The place of an element: the list and the position in it.
#[derive(Clone, Debug)]
struct At(Rc<Path>, usize);

impl At {
    fn path(&self) -> Path {
        self.0.index(self.1)
    }
}

/// An element of `command` or `args`.
#[derive(Clone)]
struct Element<'p> {
    at: At,
    text: &'p str,
}

impl<'p> CommandLine<'p> {
    /// The command line of the component that the container runs, if it runs one.
    pub(super) fn of(container: &Container<'p>) -> Option<Self> {
        let image = container.node.text_at(&["image"]);
        let elements: Vec<_> = ["command", "args"].iter().flat_map(|field| elements(container, field)).collect();
        let new = |component, flags, list| Self { component, resource: container.resource, image, flags, list };
        for (index, element) in elements.iter().enumerate() {
            if element.text.contains(char::is_whitespace) {
                if let Some(component) = script::words(element.text).find_map(|word| Component::of_binary(word.text)) {
                    return Some(new(component, script_flags(element), Err(NoPlace::Script)));
                }
            } else if !element.text.starts_with('-')
                && let Some(component) = Component::of_binary(element.text)
            {
                let list = Path::clone(&elements.last().unwrap_or(element).at.0);
                // The program itself is no flag.
                let (flags, end) = flags(&elements[index..]);
                return Some(new(component, flags, end.map(|()| list)));
            }
        }
        let by_image = container.node.get("command").is_none_or(|command| command.items().next().is_none());
        let component = image.filter(|_| by_image).and_then(|image| Component::of_binary(repository(image)))?;
        let (flags, end) = flags(&elements);
        Some(new(component, flags, end.map(|()| container.path.key("args"))))
    }

    /// The flags of this name, in order.
    pub(super) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Flag<'p>> {
        self.flags.iter().filter(move |flag| flag.name == name)
    }

    /// The flags of this name that do not decide, because a later one does. A script may have each on a branch of its own.
    pub(super) fn overridden<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Flag<'p>> {
        let count = self.named(name).count();
        self.named(name).take(count.saturating_sub(1)).filter(|flag| !matches!(flag.form, Form::Script(_)))
    }

    /// The flag of this name that decides: the last one.
    pub(super) fn get(&self, name: &str) -> Option<&Flag<'p>> {
        self.flags.iter().rfind(|flag| flag.name == name)
    }

    /// The wish for a flag that is not there yet.
    ///
    /// # Errors
    /// [`NoPlace`] where none can be added.
    pub(super) fn add(&self, name: &str, value: &str) -> Result<Op, NoPlace> {
        Ok(Op::new(self.list.clone()?, Want::Contains(format!("--{name}={value}").into())))
    }
}

/// What must become of a flag.
#[derive(Clone, Debug)]
pub(super) enum New {
    Value(String),
    Name(&'static str),
    Nothing,
}

/// A flag that must become something, and why.
#[derive(Debug)]
pub(super) struct Wanted<'c> {
    pub flag: &'c Flag<'c>,
    pub new: New,
    pub rule: &'static Rule,
    pub message: String,
}

impl CommandLine<'_> {
    /// The wishes for these flags. All flags of a string for a shell are one wish, because it is one value.
    pub(super) fn want(&self, wanted: Vec<Wanted<'_>>, plan: &mut Plan) {
        let mut in_script: Option<(String, &Flag<'_>, &'static Rule, String)> = None;
        for Wanted { flag, new, rule, message } in wanted {
            let Form::Script(script) = &flag.form else {
                for op in flag.ops(&new) {
                    plan.want(self.resource, rule, op, message.clone());
                }
                continue;
            };
            let text = in_script.as_ref().map_or(*script, |(edited, ..)| edited);
            let Some(edited) = script::with_flag(text, &flag.name, &flag.word(&new)) else {
                self.report_script(flag, &new, plan);
                continue;
            };
            in_script = Some(match in_script {
                Some((_, _, rule, before)) => (edited, flag, rule, format!("{before}; {message}")),
                None => (edited, flag, rule, message),
            });
        }
        if let Some((script, flag, rule, message)) = in_script {
            plan.want(self.resource, rule, Op::is(flag.path(), script), message);
        }
    }

    fn report_script(&self, flag: &Flag<'_>, new: &New, plan: &mut Plan) {
        let must = match new {
            New::Nothing => "go".to_owned(),
            _ => format!("become \"{}\"", flag.word(new)),
        };
        let message = format!(
            "`--{}` of {} stands in a shell script, not as one literal word, and was not edited: it must {must}",
            flag.name,
            self.component.name()
        );
        plan.warning(&SHELL, Place::at(self.resource, &flag.path()), message);
    }
}

impl Flag<'_> {
    /// The place of the value: of the element, or of the string for the shell.
    pub(super) fn path(&self) -> Path {
        self.at.path()
    }

    /// The wishes that make it `new`, outside of a script.
    fn ops(&self, new: &New) -> Vec<Op> {
        match (&self.form, new) {
            (Form::Joined(name), New::Value(value)) => vec![Op::is(self.path(), format!("--{name}={value}"))],
            (Form::Joined(_), New::Name(_)) => vec![Op::is(self.path(), self.word(new))],
            (Form::Split(_), New::Value(value)) => vec![Op::is(self.path(), value.as_str())],
            (Form::Split(at), New::Name(name)) => vec![Op::is(at.path(), format!("--{name}"))],
            (Form::Split(at), New::Nothing) => [at, &self.at].map(|at| Op::new(at.path(), Want::Absent)).into(),
            (_, New::Nothing) => vec![Op::new(self.path(), Want::Absent)],
            (Form::Script(_), _) => Vec::new(),
        }
    }

    /// The whole flag as one word, as it must become.
    fn word(&self, new: &New) -> String {
        match new {
            New::Value(value) => format!("--{}={value}", self.name),
            New::Name(name) => format!("--{name}={}", self.value),
            New::Nothing => String::new(),
        }
    }
}

fn elements<'p>(container: &Container<'p>, field: &str) -> Vec<Element<'p>> {
    let list = Rc::new(container.path.key(field));
    let items = container.node.get(field).into_iter().flat_map(Node::items).enumerate();
    items.filter_map(|(index, item)| Some(Element { at: At(Rc::clone(&list), index), text: item.text()? })).collect()
}

/// Flags that take the next element for their value, whatever it is, as pflag does. Of the others it is not known whether
/// they are switches.
const TAKE_A_VALUE: [&str; 8] = [
    "advertise-address",
    "cluster-cidr",
    "feature-gates",
    "node-cidr-mask-size",
    "node-cidr-mask-size-ipv4",
    "node-cidr-mask-size-ipv6",
    "proxy-mode",
    "service-cluster-ip-range",
];

/// The flags of these elements, and whether one more can stand behind them.
fn flags<'p>(elements: &[Element<'p>]) -> (Vec<Flag<'p>>, Result<(), NoPlace>) {
    let mut flags = Vec::new();
    let mut rest = elements.iter().peekable();
    while let Some(element) = rest.next() {
        let Some(flag) = element.text.strip_prefix("--").filter(|flag| !flag.is_empty()) else { continue };
        let (name, joined) = flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value)));
        let takes_a_value = || TAKE_A_VALUE.contains(&&*with_dashes(name));
        let (value, at, form) = if let Some(value) = joined {
            (value, &element.at, Form::Joined(name))
        } else if let Some(value) = rest.next_if(|next| takes_a_value() || !next.text.starts_with("--")) {
            (value.text, &value.at, Form::Split(element.at.clone()))
        } else if takes_a_value() {
            return (flags, Err(NoPlace::Unfinished));
        } else {
            // A switch.
            ("true", &element.at, Form::Joined(name))
        };
        flags.push(Flag { name: with_dashes(name), value: Cow::Borrowed(value), at: at.clone(), form });
    }
    (flags, Ok(()))
}

/// The name as the components know it.
fn with_dashes(name: &str) -> Cow<'_, str> {
    if name.contains('_') { Cow::Owned(name.replace('_', "-")) } else { Cow::Borrowed(name) }
}

fn script_flags<'p>(element: &Element<'p>) -> Vec<Flag<'p>> {
    let flags = script::flags(element.text).into_iter();
    let form = Form::Script(element.text);
    flags.map(|(name, value)| Flag { name: name.into(), value: value.into(), at: element.at.clone(), form: form.clone() }).collect()
}

/// The name of an image, without registry, tag and digest.
fn repository(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split(':').next().unwrap_or(name)
}
