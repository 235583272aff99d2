//! A consistent-hash ring that does no I/O.
//!
//! A [`Ring`] is an immutable snapshot: which node owns which keys. Each member puts a chosen number
//! of virtual nodes on a circle of 2^64 positions; a key belongs to the first of them at or after its
//! own position (Karger et al. 1997, *Consistent Hashing and Random Trees*; virtual nodes as in
//! DeCandia et al. 2007, *Dynamo*, §4.2). A change of members gives a new snapshot, and
//! [`Ring::diff`] says exactly which keys that moves, from whom to whom.
//!
//! ```
//! use ring::{Error, Member, NodeId, Ring};
//!
//! let member = |id: &str, vnodes| Ok::<_, Error>(Member { id: NodeId::new(id)?, vnodes });
//! let ring = Ring::new([member("ada", 128)?, member("bob", 128)?, member("eve", 256)?])?;
//! assert_eq!(ring.owner(b"apples").map(NodeId::as_bytes), Some(&b"eve"[..]));
//! assert_eq!(ring.preference_list(b"apples", 2).len(), 2, "the owner, and who comes after it");
//!
//! // A node joins. Whatever moves, moves to it; the plan says what that is.
//! let dan = NodeId::new("dan")?;
//! let grown = ring.with_node(dan.clone(), 128)?;
//! let plan = ring.diff(&grown);
//! assert!(plan.moves().iter().all(|movement| movement.to.as_ref() == Some(&dan)));
//!
//! // And it leaves: the ring is what it was, to the last token.
//! assert_eq!(grown.without_node(&dan)?, ring);
//! assert_eq!(grown.without_node(&dan)?.digest(), ring.digest());
//! # Ok::<(), ring::Error>(())
//! ```
//!
//! # What it guarantees
//!
//! - **Total**: with at least one member, every key has exactly one owner; with none, the answer is
//!   `None`. No input panics.
//! - **Collisions lose nothing**: tokens are kept in the total order (position, node id, virtual node),
//!   so that equal positions are a tie with a known winner. All the guarantees below hold with
//!   collisions too, not just with high probability.
//! - **Order independence**: a ring is a function of the set of its members. Whatever the joins, leaves and
//!   changes of weight that led to it, equal members give equal tokens and an equal [`Digest`].
//! - **Monotonicity**: a join moves keys only to the node that joined, a leave only from the node that
//!   left, a change of weight only to or from the node reweighted. Weights are numbers of virtual
//!   nodes, not shares of a total: the first V virtual nodes of a node are the same whatever its weight.
//! - **Permutation**: a join inserts the node into every key's clockwise order of nodes and leaves the
//!   order of all the others as it was, so that a preference list changes by at most one node.
//! - **Exact plans**: a key changes owner if and only if it lies in a range of the plan.
//!
//! How positions come about is a *scheme*, [`V1`] unless another is named. The repository's
//! `docs/ring-v1.md` specifies it for other languages, with worked vectors.
//!
//! # What this crate never does
//!
//! It reads no clock, draws no randomness, does no I/O, spawns nothing, iterates no hash map, uses no
//! float and no `unsafe`, and has no switch for tests.
//!
//! It knows nothing of whether a node is up, of zones, of bounded loads, or of who has yet to hear of a new
//! snapshot: those are decisions of its host.
//!
//! # Map
//!
//! | module | holds |
//! |---|---|
//! | `ring` | the snapshot: construction, changes, who owns what |
//! | `scheme` | how names and keys become positions; V1 |
//! | `table` | the sorted tokens: building, merging, filtering, the search |
//! | `buckets` | pure: the index that makes the search constant time, and the sort linear |
//! | `walk` | the distinct nodes clockwise from a position |
//! | `plan` | what moves between two snapshots |
//! | `digest` | the fingerprint of a ring |
//! | `member`, `id`, `position`, `error` | what crosses the boundary |

mod buckets;
mod digest;
mod error;
mod id;
mod member;
mod plan;
mod position;
mod ring;
mod scheme;
mod table;
mod walk;

pub use digest::Digest;
pub use error::Error;
pub use id::NodeId;
pub use member::Member;
pub use plan::{Move, MovementPlan};
pub use position::{KeyRange, Position};
pub use ring::{MAX_TOKENS, Ring};
pub use scheme::{Scheme, V1};
pub use table::Token;
pub use walk::Walk;
