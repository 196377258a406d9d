//! Plain, slow models of what the service must answer; they share no code with what they test.

mod graph;
mod world;

pub(crate) use graph::{Model, slice};
pub(crate) use world::{Act, World};
