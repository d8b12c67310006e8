import MuScImages
import MuScScoring
import MuScSupport
import SystemPackage

/// The sizes of a batch's photographs.
struct PhotographSurvey {
    /// How many photographs there are of each size, the most frequent first.
    let sizes: [Finding.PhotographSizes.Count]

    /// Reads the headers of files; those that are no images do not count.
    init(_ files: [BatchFile], appliesOrientation: Bool, threads: Int) {
        self.init(
            concurrentMap(files.count, threads: threads) { index -> ImageSize? in
                let options = DecodingOptions(applyingOrientation: appliesOrientation, root: files[index].root)
                guard let header = try? ImageHeader(contentsOf: files[index].path, options: options) else { return nil }
                return ImageSize(width: header.width, height: header.height)
            }.compactMap { $0 })
    }

    init(_ photographs: [ImageSize]) {
        let counts = Dictionary(photographs.map { ($0, 1) }, uniquingKeysWith: +)
        sizes = counts.map { Finding.PhotographSizes.Count(size: $0.key, images: $0.value) }.sorted {
            ($1.images, $1.size.width * $1.size.height, $1.size.width) < ($0.images, $0.size.width * $0.size.height, $0.size.width)
        }
    }

    /// The sizes of the readable images of a batch.
    init(_ images: [ScoredImage]) {
        self.init(images.compactMap(\.size))
    }

    var readable: Int { sizes.reduce(0) { $0 + $1.images } }
    var mostFrequent: ImageSize? { sizes.first?.size }

    /// The photograph of the middle aspect ratio.
    var middleShape: ImageSize {
        var rest = readable / 2
        let shapes = sizes.sorted { $0.size.width * $1.size.height < $1.size.width * $0.size.height }
        for count in shapes {
            if rest < count.images { return count.size }
            rest -= count.images
        }
        return ImageSize(side: 1)
    }

    /// How many photographs have another shape than most.
    var distorted: Int {
        guard let own = mostFrequent else { return 0 }
        return sizes.filter { Self.differInShape($0.size, own) }.reduce(0) { $0 + $1.images }
    }

    /// What a reader should know where the photographs have several sizes, or known good images another shape.
    func findings(on outside: [OutsideJudges]) -> [Finding] {
        guard let own = mostFrequent else { return [] }
        var findings: [Finding] = []
        if sizes.count > 1 {
            findings.append(.photographSizes(Finding.PhotographSizes(sizes: sizes, distorted: distorted)))
        }
        for judges in outside where judges.origin == .knownGood {
            guard let theirs = PhotographSurvey(judges.tokens.images).mostFrequent, Self.differInShape(own, theirs)
            else { continue }
            findings.append(.knownGoodAspectRatio(theirs, photographs: own))
        }
        return findings
    }

    /// Whether aspect ratios differ by more than rounding and cropping explain.
    private static func differInShape(_ a: ImageSize, _ b: ImageSize) -> Bool {
        abs(Double(a.width * b.height) / Double(a.height * b.width) - 1) > 0.02
    }
}
