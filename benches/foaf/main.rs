//! What foaf costs, as a table: `cargo bench`. With `FOAF_TEST_KAFKA` and `FOAF_TEST_NEO4J` set (as
//! `scripts/stack up` prints them) also on Kafka and Neo4j, whose database must be empty; it is
//! emptied again.
//!
//! Figures of one machine in one run: compare rows of one table, not tables. Where a row compares two
//! things, they took turns.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures for people to read"
)]

mod author;
mod ego;
mod http;
mod judging;
mod memory;
mod mutations;
mod places;
mod projection;
mod raw;
mod table;
mod traversals;

use places::Places;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // `cargo test --all-targets` runs benches too, with this argument: nothing to measure then.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    // `cargo bench -- judge mutations` measures these alone.
    let named: Vec<_> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let wanted = |subject: &str| named.is_empty() || named.iter().any(|name| name == subject);
    let places = Places::new()?;
    println!("| what | figure |\n|---|---|");
    // First, while nothing was let go of yet: memory is told from the size of the process.
    if wanted("memory") {
        let _kept = memory::remembered_command()?;
        memory::people(&places).await?;
    }
    if wanted("judge") {
        judging::alone();
    }
    if wanted("ego") {
        ego::embedded(&places).await?;
    }
    if let (true, Some(neo4j)) = (wanted("projection"), places.neo4j()) {
        projection::against_the_driver(neo4j).await?;
    }
    if let (true, Some(stores)) = (wanted("traversals"), places.servers()) {
        traversals::against_the_driver(stores).await?;
    }
    if wanted("mutations") {
        mutations::on_every_combination(&places).await?;
    }
    Ok(())
}
