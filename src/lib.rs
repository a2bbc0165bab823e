//! A KRM function that turns a Kubernetes configuration package from one IP family into two.
//!
//! A package comes in, and [`run`] tells its story: [`package`] finds the objects in the text, the [`systems`] say what
//! must hold, [`yaml`] makes of it the fewest edits, [`text`] splices them into the original bytes, the [`checks`] look
//! whether all parts agree, [`results`] say what was done. Only [`host`] touches the outside. The modules are in reading
//! order, and each uses only those above it.

pub mod text;
pub mod yaml;
pub mod cidr;
pub mod version;
pub mod package;
pub mod plan;
pub mod facts;
pub mod config;
pub mod systems;
pub mod checks;
pub mod apply;
pub mod results;
pub mod secrets;
pub mod map;
pub mod roll_out;
pub mod run;
pub mod proposal;
pub mod host;
