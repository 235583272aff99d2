//! The ring from the outside.
//!
//! | module | holds |
//! |---|---|
//! | `naive` | the oracle: unsorted tokens, scanned from end to end |
//! | `schemes` | schemes whose tokens collide |
//! | `given` | random members, changes and the positions worth asking about |
//! | `laws` | what holds of every ring: total, tiled, as the oracle says, no token lost, no history |
//! | `movement` | what holds between two rings: monotonicity, exact plans |
//! | `walks` | the clockwise order of nodes, and preference lists |
//! | `collisions`, `seams` | by hand: tokens at one position; the ends of the circle and the crowded bucket |
//! | `refusals` | what is an error, and the answers of a ring without members |
//! | `shattered` | two strings of one SHA-1, as keys and as names |
//! | `golden` | scheme V1 against vectors computed elsewhere |
//! | `balance` | shares of fixed rings within their exact odds |

mod balance;
mod collisions;
mod given;
mod golden;
mod laws;
mod movement;
mod naive;
mod refusals;
mod schemes;
mod seams;
mod shattered;
mod walks;
