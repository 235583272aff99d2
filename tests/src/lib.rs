//! The workspace's integration tests are in `it`, the programs that they drive in `src/bin`. Nothing is exported.
