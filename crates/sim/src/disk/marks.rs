//! How far the requests of one file, or of the directory, have come.

use crate::id::Request;

/// Requests are carried out in order, so that one says it of all before it.
#[derive(Clone, Copy, Default)]
pub(super) struct Marks {
    /// Requests up to this one are on the platter.
    durable_through: Option<Request>,
    /// Of requests up to this one the process was told that they are.
    acknowledged_through: Option<Request>,
}

impl Marks {
    pub(super) fn is_durable(&self, request: Request) -> bool {
        self.durable_through >= Some(request)
    }

    pub(super) fn is_acknowledged(&self, request: Request) -> bool {
        self.acknowledged_through >= Some(request)
    }

    /// Everything up to this request has reached the platter.
    pub(super) fn settle(&mut self, sync: Request) {
        self.durable_through = self.durable_through.max(Some(sync));
    }

    /// The process is told that all up to this request is durable.
    pub(super) fn acknowledge(&mut self, sync: Request) {
        self.acknowledged_through = self.acknowledged_through.max(Some(sync));
    }
}
