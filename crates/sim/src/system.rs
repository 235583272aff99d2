//! A system under test: the types of everything in it, so that its run is dispatched statically.

use crate::case::Case;
use crate::check::Checks;
use crate::payload::Protocol;
use crate::process::Process;
use crate::spec::Spec;
use crate::survival::Survival;

/// A system under test.
pub trait System: Send + Sync + 'static {
    /// What its processes say.
    type Protocol: Protocol;
    /// What runs on a node.
    type Node: Process<Protocol = Self::Protocol>;
    /// What uses the nodes, over the same network; [`Idle`](crate::Idle) where nothing does.
    type Client: Process<Protocol = Self::Protocol>;
    /// What must hold: nested pairs of [`Property`](crate::Property) and [`Progress`](crate::Progress).
    type Checks: Checks<Self::Protocol>;
    /// What it survives.
    type Survival: Survival<Self::Protocol>;

    /// What the scenario states about itself.
    fn spec(&self) -> Spec;

    /// The checkers of one run.
    fn checks(&self, case: &Case) -> Self::Checks;

    /// What may be destroyed in one run.
    fn survival(&self, case: &Case) -> Self::Survival;
}
