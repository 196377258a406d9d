//! foaf: a social graph that is written as events and read as a graph.
//!
//! ```text
//!  GraphQL mutation ─► command handler ─► event log ─► replay ─► projector ─► graph ─► GraphQL query
//!    (write side)        decide()      Kafka|SQLite    judge()    apply()   Neo4j|embedded  (read side)
//!         ▲                                              │
//!         └───────────── write model, positions ◄────────┘      the log is the only source of truth
//! ```
//!
//! Everything right of the log can be deleted and made anew from it, and the result is the same.
//!
//! # Layers
//!
//! `domain ← judge ← [event_log, graph] ← replay ← [command_handler, projector] ← shadow ←
//! [verify, export, history, import] ← rebuild ← control ← graphql ← http ← app ← cli ← main`: each
//! uses only what is to its left, and those in one bracket do not know each other. `app` is the only
//! place that names an adapter. `clock`, `config`, `generate`, `metrics`, `output`, `snapshot` and
//! `telemetry` are leaves. `tests/it/tidy.rs` sees to it.
//!
//! # Invariants
//!
//! * Nothing is written but through the log, and nothing counts before the own replay has judged it.
//! * The domain is pure, and the rule reads nothing but the log: every node comes to the same verdicts.
//! * A graph and its cursor move in one transaction: an event is projected exactly once in effect.
//! * A traversal is one graph query, and what stands below a list is gathered into one.
//! * Every adapter of a port passes the port's contract suite, and gives the same answers to the bit.
//! * Every task is tracked; one that dies ends the process with a non-zero exit code.

pub mod app;
pub mod cli;
pub mod clock;
pub mod command_handler;
pub mod config;
pub mod control;
pub mod domain;
pub mod event_log;
pub mod export;
pub mod folder;
pub mod generate;
pub mod graph;
pub mod graphql;
pub mod history;
pub mod http;
pub mod import;
pub mod judge;
pub mod metrics;
pub mod output;
pub mod projector;
pub mod rebuild;
pub mod replay;
pub mod shadow;
pub mod snapshot;
pub mod telemetry;
pub mod verify;
