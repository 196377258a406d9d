//! Every row of the design's command table: given these events, when that command comes, then this
//! event follows, or this refusal.

mod changes;
mod harness;
mod pairs;
mod profiles;
mod registration;
mod states;
mod text;
mod ties;
