//! The scenario `ring`.

mod progress;
