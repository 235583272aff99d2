//! Groups whose members find each other, watch each other, and agree on who is there: SWIM and its relatives.
//!
//! SWIM is what Das, Gupta and Motivala describe in "SWIM: Scalable Weakly-consistent Infection-style Process Group Membership
//! Protocol" (DSN 2002); sections that are named here are that paper's.
//!
//! A failure detector without a bound on delays is wrong at times, so what it concludes while faults are on is judged by its
//! causes alone; that it is right, and that all agree, is demanded after the heal.
//!
//! # Map
//!
//! | module | property |
//! |---|---|
//! | `down_is_final` | who was taken for down does not come back under the same name |
//! | `suspicion_stands` | who is suspected is cleared by itself alone |
//! | `down_has_cause` | nobody is taken for down who was not under suspicion before |
//! | `incarnations` | only a member itself raises its incarnation |
//! | `notices` | what a member tells of changes adds up to what its list says |
//! | `unfailing` | a member takes in whatever it is given |
//! | `detection` | who takes part no more is found out by everybody, after the heal |
//! | `accuracy` | who takes part is taken for that by everybody, after the heal |
//! | `agreement` | all have the same members, under the same names, after the heal |
//! | `rest` | a group to which nothing happens is quiet, after the heal |
//! | `fact` | the facts |
//! | `lists` | what each member's list says, and what it said before |
//! | `views` | who takes part, and whom each takes for a part of the group |
//!
//! # What an adapter states, and when
//!
//! Within each step it states what that step changed, so that nobody can have heard of it before: of itself [`MembershipFact::Joined`],
//! [`MembershipFact::Left`] and [`MembershipFact::Refuted`]; of its list [`MembershipFact::Holds`] and
//! [`MembershipFact::Forgot`]; [`MembershipFact::Told`] as it tells its user; and at the end [`MembershipFact::Settled`]. A
//! list has one entry for each node, and none for its own.
//!
//! The core that is healed should be every node that lives. Where it is, agreement follows from accuracy and detection; where
//! it is not, it says more: of one that lives and was not healed all have to think alike.

mod accuracy;
mod agreement;
mod detection;
mod down_has_cause;
mod down_is_final;
mod fact;
mod incarnations;
mod lists;
mod notices;
mod rest;
#[cfg(test)]
mod story;
mod suspicion_stands;
mod unfailing;
mod views;

pub use accuracy::Accuracy;
pub use agreement::Agreement;
pub use detection::Detection;
pub use down_has_cause::DownHasCause;
pub use down_is_final::DownIsFinal;
pub use fact::{Gossiping, Identity, MembershipFact, Notice, Standing};
pub use incarnations::Incarnations;
pub use notices::Notices;
pub use rest::Rest;
pub use suspicion_stands::SuspicionStands;
pub use unfailing::Unfailing;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sim::{Progress, Property};

    use super::*;
    use crate::story::bears_nonsense;

    const LINES: [&str; 14] = [
        "boots",
        "crashes",
        "joins #",
        "leaves #",
        "refutes $.# #",
        "holds $.# alive #",
        "holds $.# suspected #",
        "holds $.# down #",
        "forgets $.#",
        "tells $.# up",
        "tells $.# down",
        "tells $.# $.#",
        "empties",
        "settles",
    ];

    #[test]
    fn no_check_falls_over_what_is_told_after_a_flaw() {
        let concluded = (
            Property::new("incarnations", Incarnations::default()),
            (
                (
                    Property::new("down_is_final", DownIsFinal::default()),
                    Property::new("suspicion_stands", SuspicionStands::default()),
                ),
                Property::new("down_has_cause", DownHasCause::new(Duration::from_millis(1))),
            ),
        );
        let healed = (
            Progress::new("rest", Duration::ZERO, Rest::new(1)),
            Progress::new("detection", Duration::ZERO, Detection::default()),
        );
        let notices = Property::new("notices", Notices::default());
        bears_nonsense::<story::Told>((concluded, (notices, healed)), &LINES);
    }
}
