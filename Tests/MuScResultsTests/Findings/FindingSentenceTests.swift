import MuScBatch
import MuScImages
import MuScResults
import MuScScoring
import MuScVerdicts
import Testing

/// What people read of each finding, word for word.
@Suite struct FindingSentenceTests {
    private static let known = ImageSize(width: 60, height: 40)
    private static let grid = PatchGrid(width: 96, height: 64)

    @Test(
        "A size that followed from the photographs is said with what bounded it",
        arguments: [
            (AutomaticImageSize.Choice.Limit.photograph, "a little below their own size"),
            (.usualSize, "enlarged to the backbone's usual number of patches"),
            (.time, "as large as an estimated 10 minutes for the batch allow"),
            (.memory, "as large as 3 GiB of memory allow"),
        ])
    func imageSize(limit: AutomaticImageSize.Choice.Limit, reason: String) {
        func sentence(tiles: Int) -> String {
            Finding.imageSize(
                Finding.ImageSizeFollowed(
                    photographs: Self.known, choice: .init(size: ImageSize(width: 1344, height: 896), limit: limit),
                    automatic: AutomaticImageSize(), grid: Self.grid, tiles: tiles)
            ).sentence
        }
        let start = "Image size auto: photographs of 60×40 px were scored at 1344×896 px, \(reason): 96×64 patches"
        #expect(sentence(tiles: 1) == start + ".")
        #expect(sentence(tiles: 6) == start + " in 6 tiles.")
    }

    @Test("Sizes are counted, four at most, and distorted photographs warned of")
    func sizes() {
        func sentence(_ count: Int, distorted: Int) -> String {
            let sizes = (0..<count).map { Finding.PhotographSizes.Count(size: ImageSize(width: 60, height: 40 + $0), images: 9 - $0) }
            return Finding.photographSizes(Finding.PhotographSizes(sizes: sizes, distorted: distorted)).sentence
        }
        let end = "all were scaled to one grid of patches."
        #expect(sentence(2, distorted: 0) == "The photographs have 2 sizes (9 of 60×40, 8 of 60×41 px); \(end)")
        #expect(sentence(6, distorted: 0).contains("(9 of 60×40, 8 of 60×41, 7 of 60×42, 6 of 60×43 and 2 more sizes px)"))
        #expect(
            sentence(2, distorted: 1).hasSuffix(
                "\(end) 1 of them has another aspect ratio than most, so that what is on it is compared distorted: sort it "
                    + "into a folder of its own if the scores look wrong."))
        #expect(sentence(2, distorted: 3).contains("3 of them have another aspect ratio than most, so that what is on them"))
    }

    @Test("Few names are listed, of many the first and how many more")
    func lists() {
        #expect(
            Finding.knownGoodStandOut(["a.png"]).sentence
                == "Look at the known good image a.png: it stands far out from the other known good images, and was left out.")
        #expect(
            Finding.knownGoodStandOut((1...7).map { "\($0)" }).sentence
                == "Look at the known good images 1, 2, 3, 4, 5 and 2 more: they stand far out from the other known good "
                + "images, and were left out.")
        let parts = (1...13).map { RecurringMark.Part(image: $0, name: "p\($0)", x: 1, y: 1) }
        #expect(Finding.recurringMark(RecurringMark(parts: parts)).sentence.hasPrefix("13 parts look alike at one spot: p1, p2,"))
        #expect(
            Finding.recurringMark(RecurringMark(parts: parts)).sentence.contains(
                "p12 and 1 more. This is part of the design, or a repeated defect."))
    }

    @Test("Parts that were found good are counted, with what their spot checks are good for and what is missing")
    func foundGood() {
        func sentence(_ parts: Int, _ checks: Int, sets: Bool) -> String {
            Finding.foundGoodJudged(
                Finding.FoundGoodJudged(parts: parts, spotChecks: checks, least: 5, promise: 20, setThreshold: sets)
            ).sentence
        }
        #expect(
            sentence(34, 12, sets: true)
                == "Compared with 34 parts that you found good. 12 of them were spot checks and set the threshold; from 20 on it is a promise."
        )
        #expect(sentence(34, 20, sets: true).hasSuffix("20 of them were spot checks and set the threshold."))
        #expect(
            sentence(1, 1, sets: false).hasPrefix("Compared with 1 part that you found good. 1 of them was a spot check; 5 spot checks set")
        )
        #expect(sentence(30, 8, sets: false).hasSuffix("8 of them were spot checks."))
        #expect(
            Finding.almostKnown(image: "a.png", foundGood: 1, of: 3).sentence
                == "a.png is flagged for what you found good on one part before: 2 more like this and it is known.")
        #expect(Finding.defectsBarred(1).sentence == "1 image of this batch was found defective, and does not judge.")
        #expect(
            Finding.verdictsFaulty("/b/verdicts.csv", VerdictProblem(line: 3, fault: .noImage), others: 2).sentence
                == "/b/verdicts.csv: line 3: names no image, and was left out; 2 more lines have faults, which musc verdict lists.")
        #expect(
            Finding.verdictsUnmatched("/b/verdicts.csv", image: "x.png", others: 0).sentence.contains("the verdict on x.png fits no image"))
    }

    @Test(
        "Everything else has its figures and says what to do",
        arguments: [
            (Finding.region(.shares(.init(left: 0, top: 0, width: 0.5, height: 1)), patches: 18, of: 36), "18 of 36 patches (50 %)"),
            (.sampleRange(.fixed(low: 0, high: 1023)), "one range for all images: 0 to 1023, 10 significant bits (images.range)."),
            (.sampleRange(.fixed(low: -1.5, high: 20)), "-1.5 to 20"),
            (.sampleRange(.full), "the full range of the files"),
            (.mixedDepths(deep: 1, of: 9, example: "a.tif"), "1 of 9 images have samples of more than 8 bits, such as a.tif"),
            (.mixedSamples, "save all images alike"),
            (
                .partsAligned(
                    .init(
                        isTurned: true, follows: true, found: 49, of: 50, frame: ImageSize(width: 350, height: 170),
                        grid: PatchGrid(width: 34, height: 17))),
                "in 49 of 50 photographs, and compared turned upright and cropped: 350×170 px around each part, on 34×17 patches"
            ),
            (
                .partsAligned(
                    .init(isTurned: false, follows: false, found: 9, of: 9, frame: 200, grid: PatchGrid(width: 24, height: 24))),
                "compared cropped: 200×200 px at one place in all photographs"
            ),
            (
                .partsLeftAsTaken(.fewFound(found: 20, of: 40, reason: .cutOff, scatter: 61.6)),
                "The parts do not lie alike: their directions scatter by 62°. In only 20 of 40 photographs one part"
            ),
            (
                .partsLeftAsTaken(.fewFound(found: 0, of: 40, reason: .roughBackground, scatter: nil)),
                "In none of 40 photographs one part on a plain background was found (the background is not plain)"
            ),
            (.partsLeftAsTaken(.fillsPhotograph), "nothing was cropped (model.align)."),
            (.partsLeftAsTaken(.someTurned(3, of: 20)), "3 of 20 lie turned by more than 20° against most."),
            (.alignmentLeftOut(because: .region), "because model.region names a part of the photographs"),
            (.alignmentLeftOut(because: .shapes), "because the photographs have several shapes (model.align)."),
            (.partsNotFound(["a.png"]), "No part was found in a.png: it was scored in the best guess of where it is. Look at it."),
            (.besideParts(["a.png", "b.png"]), "in a.png, b.png, outside the frame: it was not compared. Look at them,"),
            (.partsAstray(["a.png"]), "In a.png the part lies far from where the others lie."),
            (.pages(.init(taken: .each, files: ["a.tif (3 pages)"])), "each page is an image of its own: a.tif (3 pages) (images.pages)."),
            (.pages(.init(taken: .first, files: ["a.tif (3 pages)"])), "(images.pages: first)."),
            (.pages(.init(taken: .firstOfDifferent, files: ["a", "b", "c", "d"])), "the first page alone was taken: a, b, c and 1 more."),
            (
                .pages(.init(taken: .firstPicture, files: ["a.png (3 pictures)"])),
                "Of files with several pictures the first alone was taken: a.png (3 pictures). Save the others as files of their own"
            ),
            (.linePastOtherRange(line: "0,4095", batch: "full"), "its samples had the range 0,4095, this batch's have full."),
            (.undecodable(.init(count: 2, of: 9, example: "b.png")), "2 of 9 files cannot be decoded by their headers, such as b.png."),
            (
                .knownGoodUndecodable(.init(count: 1, of: 3, example: "/g/b.png")),
                "1 of 3 known good images cannot be read, such as /g/b.png."
            ),
            (.blankJudges(.foundGood, ["a.png"]), "Of the found good images a.png is blank and did not judge."),
            (.knownGoodUnlisted(ListingError(folder: "/g", cause: .noSuchFileOrDirectory)), "/g: there is no such folder"),
            (.knownGoodEmpty("/g"), "put 30 to 50 photographs of good parts there"),
            (.knownGoodUnreadable(name: "a.png", reason: "is cut short", others: 0), "images, a.png could not be read: is cut short."),
            (.knownGoodUnreadable(name: "a.png", reason: "is cut short", others: 2), "images, a.png and 2 more could not be read"),
            (.knownGoodUnused("/g"), "So no image of /g could judge"),
            (.knownGoodWithoutThreshold, "With scoring.rscin auto or never they set it."),
            (.settingWithoutEffect(key: "a.b", .thresholdIsFixed), "a.b has no effect: output.threshold fixes the threshold."),
            (.settingWithoutEffect(key: "a.b", .thresholdOfBatch), "the batch's own scores set the threshold."),
            (.settingWithoutEffect(key: "a.b", .rscinNotApplied), "RsCIN did not decide the scores."),
            (.settingWithoutEffect(key: "a.b", .scoresLeftToMSM), "they are compared by MSM's scores."),
            (.settingWithoutEffect(key: "a.b", .knownGoodAlone), "images known or found good judge alone."),
            (.settingWithoutEffect(key: "a.b", .batchInParts), "(scoring.subsets: 1)."),
            (.settingWithoutEffect(key: "a.b", .partsHoldFewer), "hold no more images than that."),
            (.settingWithoutEffect(key: "a.b", .leastJudgesAreMore), "scoring.least_judges is at least what"),
            (.settingWithoutEffect(key: "a.b", .overriddenByBatch), "which goes before it."),
            (.presetUnmeasured(backbone: "x"), "Preset tuned was never measured with x: its layers"),
            (.knownGoodTooFew(images: 1, least: 5), "1 known good image cannot set a threshold: at least 5 are needed"),
            (.knownGoodTooFew(images: 4, least: 5), "4 known good images cannot"),
            (.knownGoodAspectRatio(known, photographs: 50), "(60×40 px) than the photographs (50×50 px)"),
            (.lineMemory(LineMemoryProblem(line: "/drop/a", fault: .damagedIndex("/s/line.json"))), "/drop/a's memory begins anew."),
            (
                .linePastTooSmall(images: 5, least: 19, falseAlarmRate: 0.05),
                "holds 5 images, and fewer than 19 cannot set a threshold for 5 %"
            ),
            (.chosenJudges(.init(judges: 64, images: 900)), "64 of the 900 images judged, the same for all (seeded choice)."),
            (
                .chosenJudges(.init(judges: 64, images: 900, tooSlow: .init(all: 1800.7, limit: 900))),
                "about 1800 s, and scoring.time_limit_seconds is 900."
            ),
            (.fewImages(5), "Only 5 images judged each other"),
            (.marksUnsearchedOnGrid(grid), "on a grid of 96×64 patches"),
            (.marksUnsearchedInBlocks, "that takes all images at once, and this batch was scored in parts."),
            (.mostFlagged(9, of: 10), "9 of 10 images are flagged"),
        ])
    func others(finding: Finding, part: String) {
        #expect(finding.sentence.contains(part), "\(finding.sentence)")
        #expect(finding.sentence.hasSuffix(".") || finding.sentence.hasSuffix("?"))
    }
}
