//! The one integration-test binary.

mod api;
mod bad_input;
mod command_line;
mod decisions;
mod embedded_graph;
mod event_log_contract;
mod gathering;
mod graph_contract;
mod histories;
mod kafka_log;
mod lifecycle;
mod logs;
mod model;
mod neo4j_graph;
mod observer;
mod program;
mod records;
mod rule1;
mod sample;
mod service;
mod soundness;
mod sqlite_log;
mod story;
mod tidy;
mod truth;
mod two_nodes;
