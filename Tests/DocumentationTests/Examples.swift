import MuSc
import MuScSupport
import MuScTensors

// The examples of comments, as they stand there; what they take for granted is a parameter. ExampleTests compares.

func inspect(settings: ScoringSettings, weights: BackboneWeights) throws {
    let inspector = try Inspector(settings: settings, weights: weights)
    let inspection = try inspector.inspect("drop/line-a/0900")
    for image in inspection.images where image.flagged { print(image.name, image.score ?? 0) }
}

func installedInspector() throws -> Inspector {
    let inspector = try Inspector(backbone: "dinov2_vits14") { $0.imageSize = 224 }
    return inspector
}

func changeSettings(description: BackboneDescription) -> ScoringSettings {
    var settings = ScoringSettings(preset: .tuned, backbone: description)
    settings.imageSize = 224
    return settings
}

func digest(bytes: [UInt8]) -> String {
    var hash = SHA256()
    hash.update(data: bytes)
    let text = hash.finalize().hexadecimal
    return text
}

func writeTensors(floats: [Float]) throws {
    var file = SafetensorsWriter(metadata: ["model": "dinov2_vits14"])
    file.add("cls_token", floats, shape: [384])
    try file.write(to: "weights.safetensors")
}
