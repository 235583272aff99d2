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

    /// Changes what a seed expands to, such as by faults that only this system makes sense of: a topology that its nodes are
    /// left with. What the case has already was drawn for the [spec](Self::spec).
    ///
    /// A function of the case alone. What it draws, it draws by [`mix`](crate::mix) of the case's seed and a number of its
    /// own; items that it adds have ids from [`Plan::ARRANGED_IDS`](crate::Plan::ARRANGED_IDS) on. Items of a kind that is
    /// excluded, or that whoever expands the seed does without, are taken out again.
    fn arrange(&self, case: &mut Case) {
        let _ = case;
    }

    /// The checkers of one run.
    fn checks(&self, case: &Case) -> Self::Checks;

    /// What may be destroyed in one run.
    fn survival(&self, case: &Case) -> Self::Survival;
}
