import MuScBatch
import MuScSupport
import MuScVerdicts
import SystemPackage

extension ReportPage {
    /// What the page asks to be checked, and what was found before, as JSON.
    var verdicts: String {
        let checks = (run.spotChecks ?? []).compactMap { ranks[ExactText($0)] }.map(String.init)
        let folder = FilePath(run.batch).canonical()
        let standing = (try? StandingVerdicts(in: folder))?.verdicts ?? [:]
        let said = standing.sorted { $0.key < $1.key }.map { "\(Markup.json($0.key)):\"\($0.value.answer.rawValue)\"" }
        return
            "{\"batch\":\(Markup.json(folder.string)),\"spotChecks\":[\(checks.joined(separator: ","))],\"said\":{\(said.joined(separator: ","))}}"
    }
}
