import MuScBatch
import MuScSupport
import MuScVerdicts
import SystemPackage

/// What a page asks to be checked, and what was found before.
struct PageVerdicts {
    let run: RunRecord
    /// Where each image stands on the page.
    let ranks: [ExactText: Int]

    /// As the page's script reads it.
    var json: String {
        func places(_ names: [String]?) -> String {
            "[\((names ?? []).compactMap { ranks[ExactText($0)] }.map(String.init).joined(separator: ","))]"
        }
        let folder = FilePath(run.batch).canonical()
        let standing = (try? StandingVerdicts(in: folder))?.verdicts ?? [:]
        let said = standing.sorted { $0.key < $1.key }.map { "\(Markup.json($0.key)):\"\($0.value.answer.rawValue)\"" }
        let marks = MarksToKnow(run)?.marks.map { mark in
            "[[\(mark.parts.compactMap { ranks[ExactText($0.name)] }.map(String.init).joined(separator: ","))],\(mark.foundGood ?? 0)]"
        }
        return
            "{\"batch\":\(Markup.json(folder.string)),\"spotChecks\":\(places(run.spotChecks)),"
            + "\"flaggedSpotChecks\":\(places(run.flaggedSpotChecks)),\"said\":{\(said.joined(separator: ","))},"
            + "\"marks\":\(marks.map { "[\($0.joined(separator: ","))]" } ?? "null"),\"known\":\(RecurringMark.known)}"
    }
}
