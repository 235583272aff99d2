//! The log from the outside.

mod torture;

#[test]
fn smoke() {
    let mut counts = torture::Counts::default();
    for seed in 0..1000 {
        torture::trial(seed, 20, &mut counts);
    }
    println!("{counts}");
}
