//! The stories of failures: of a known one word for word, of any one that it is short and leaves no evidence out.

use scenarios::canary::Canary;
use sim::{Case, Expansion, Hex, Part, RunOptions, STORY_LINES_MAX, Scenario, Story, StoryTeller, Violation, mix};

/// A failure of the case, and its story.
fn story(case: &Case) -> Option<(Violation, Story)> {
    let outcome = Canary.run(case, &mut RunOptions::default()).expect("the case fits");
    let violation = outcome.violation()?;
    let mut teller = StoryTeller::about(violation);
    let mut hear = |record: &sim::Record| teller.hear(record);
    let options = &mut RunOptions { trace: Some(&mut hear), ..RunOptions::default() };
    Canary.run(case, options).expect("the case fits");
    Some((violation.clone(), teller.tell()))
}

/// The first that base 1 finds: two are elected by a vote that a crash made its voter forget.
#[test]
fn a_vote_that_was_forgotten() {
    let case = Canary.expand(Hex(0xec8b_c2cb_7a95_1517), &Expansion::default());
    let (violation, story) = story(&case).expect("the seed fails");
    insta::assert_snapshot!(format!("{story}\n\n{}", violation.explanation));
}

#[test]
fn of_any_seed_that_fails_one_screen_with_all_the_evidence() {
    let mut failed = 0;
    for index in 0..2_000 {
        let case = Canary.expand(Hex(mix(11, index)), &Expansion::default());
        let Some((violation, story)) = story(&case) else { continue };
        failed += 1;
        let text = story.to_string();
        assert!(text.lines().count() <= STORY_LINES_MAX, "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
        for witness in &violation.witnesses {
            let is_it = |line: &&sim::StoryLine| line.event == witness.event && line.part == Part::Evidence;
            assert!(story.lines.iter().any(|line| is_it(&line)), "event {} of {text}", witness.event);
        }
        // What makes a voter forget is what the story is about.
        assert!(text.contains(" crashes: "), "{text}");
    }
    assert!(failed > 20, "only {failed} seeds failed");
}
