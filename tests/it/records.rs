//! The wire format: samples of every type that must never change, what is refused, and the JSON
//! Schemas and `asyncapi.yaml`, which describe it to others.

mod asyncapi;
mod catalogue;
mod golden;
mod headers;
mod random;
mod samples;
mod schemas;
mod stored;
mod values;
