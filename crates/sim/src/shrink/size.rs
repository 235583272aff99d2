//! How much there is in a case.

use crate::case::{Case, ClientLoad, Size};
use crate::time::Time;

/// The size of a case that failed at `time`.
pub(super) fn of(case: &Case, time: Time) -> Size {
    let weather = case.network.kinds().count();
    Size {
        faults: (case.plan.items.len() + weather) as u32,
        nodes: case.nodes.len() as u32,
        operations: case.workload.clients.iter().map(operations).sum(),
        virtual_ns: time.as_nanos(),
    }
}

/// How many operations a client carries out.
fn operations(load: &ClientLoad) -> u32 {
    let omitted = load.omitted.iter().filter(|ordinal| **ordinal < load.operations).count();
    load.operations - omitted as u32
}
