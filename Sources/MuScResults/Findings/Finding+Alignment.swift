import MuScBatch
import MuScImages

/// What is said of parts that are turned and cropped, or are not.
extension Finding {
    static func sentence(_ parts: PartsAligned) -> String {
        let done = parts.isTurned ? "turned upright and cropped" : "cropped"
        let place = parts.follows ? "around each part" : "at one place in all photographs, where the parts lie"
        return "Parts were found on a plain background in \(parts.found) of \(parts.of) photographs, and compared \(done): "
            + "\(parts.frame.width)×\(parts.frame.height) px \(place), on \(parts.grid.width)×\(parts.grid.height) patches "
            + "(model.align). Maps, marks and regions lie on the photographs as they were taken."
    }

    static func sentence(_ absence: AlignmentAbsence) -> String {
        switch absence {
        case .fewFound(let found, let all, let reason, let scatter):
            let count = found == 0 ? "In none of \(all) photographs" : "In only \(found) of \(all) photographs"
            let why = "one part on a plain background was found (\(text(reason))), so all were compared as they were taken"
            guard let scatter else { return "\(count) \(why) (model.align)." }
            return "The parts do not lie alike: their directions scatter by \(Int(scatter.rounded()))°. \(count) \(why), and parts "
                + "that lie otherwise than most score high. A plain background of another colour than the part, wholly in view, "
                + "helps; so does a stop that parts are laid against (model.align)."
        case .fillsPhotograph:
            return "The parts fill the photographs, so nothing was cropped (model.align)."
        case .someTurned(let count, let all):
            return "The parts do not lie alike: \(count) of \(all) lie turned by more than 20° against most. They were compared as "
                + "they were taken, because that may be their defect. If it is none, model.align: upright turns them."
        }
    }

    static func sentence(_ obstacle: AlignmentObstacle) -> String {
        switch obstacle {
        case .region:
            return "Parts were not turned or cropped, because model.region names a part of the photographs as they were taken. Without "
                + "it they would be (model.align)."
        case .shapes:
            return "Parts were not looked for, because the photographs have several shapes (model.align)."
        }
    }

    static func sentence(notFound names: [String]) -> String {
        let isOne = names.count == 1
        return "No part was found in \(list(names, most: 8)): \(isOne ? "it was" : "they were") scored in the best guess of where it is. "
            + "Look at \(isOne ? "it" : "them")."
    }

    private static func text(_ fault: PartFault) -> String {
        switch fault {
        case .roughBackground: "the background is not plain"
        case .busyBorder: "something lies across the border"
        case .tooSmall: "nothing of a size stands out"
        case .tooLarge: "the part fills the photograph"
        case .severalParts: "several things stand out"
        case .cutOff: "the part reaches the edge"
        case .texturedSurroundings: "there is as much to see beside it"
        case .faint: "the part hardly differs from the background"
        }
    }
}
