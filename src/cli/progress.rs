//! A progress bar for what has stages.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::verify::{Stage, Step};

pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::no_length();
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    pub(super) fn show(&self, step: Step) {
        let stage = match step.stage {
            Stage::Projecting => "projecting",
            Stage::Comparing => "comparing",
            Stage::Clearing => "emptying",
        };
        if self.0.message() != stage {
            let style = if step.of > 0 {
                "{msg:>12} [{bar:40}] {human_pos}/{human_len}  {per_sec}, {eta} left"
            } else {
                "{msg:>12} {spinner} {human_pos}  {per_sec}"
            };
            if let Ok(style) = ProgressStyle::with_template(style) {
                self.0.set_style(style.progress_chars("=> "));
            }
            self.0.reset();
            self.0.set_message(stage);
        }
        if step.of > 0 {
            self.0.set_length(step.of);
        }
        self.0.set_position(step.done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
