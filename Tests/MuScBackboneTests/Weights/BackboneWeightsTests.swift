import Goldens
import MuScBackbone
import MuScTensors
import ScratchFolders
import Testing

@Suite("Weights of a backbone")
struct BackboneWeightsTests {
    private func description(_ golden: String) throws -> BackboneDescription {
        try BackboneDescription(golden: Goldens.archive("\(golden).expected.safetensors"), name: golden)
    }

    /// The network of the committed golden, whatever `MUSC_GOLDENS` says: the fixtures were made from it.
    private func committedDescription(_ golden: String) throws -> BackboneDescription {
        let expected = try TensorArchive(path: "\(Goldens.fixtures)/goldens/\(golden).expected.safetensors")
        return try BackboneDescription(golden: expected, name: golden)
    }

    private func committed(_ golden: String, _ file: String) throws -> BackboneWeights {
        try BackboneWeights(
            path: "\(Goldens.fixtures)/goldens/\(golden).weights.\(file)", for: committedDescription(golden))
    }

    private func fixture(_ name: String, _ description: BackboneDescription) throws -> BackboneWeights {
        try BackboneWeights(path: "\(Goldens.fixtures)/weights/\(name)", for: description)
    }

    private func expectEqual(_ weights: BackboneWeights, _ plain: BackboneWeights, tolerance: Float = 0) throws {
        #expect(weights.names == plain.names)
        for name in plain.names {
            #expect(weights.shape(name) == plain.shape(name))
            #expect(try Goldens.maximumDifference(weights.floats(name), plain.floats(name)) <= tolerance, "\(name)")
        }
    }

    @Test(
        "Every naming and format gives the same canonical tensors",
        arguments: [
            ("dinov2_native", "facebook.pth"), ("dinov2_native", "hf.safetensors"),
            ("dinov2_resized", "facebook.pth"), ("dinov2_resized", "hf.safetensors"),
            ("dino_native_p8", "facebook.pth"), ("dino_native_p8", "hf.safetensors"),
            ("dino_resized", "facebook.pth"), ("dino_resized", "hf.safetensors"),
            ("clip_gelu_native", "open_clip.pth"), ("clip_gelu_native", "open_clip.fp16.pth"),
            ("clip_gelu_native", "hf.safetensors"), ("clip_gelu_native", "timm.safetensors"),
            ("clip_quickgelu_resized", "open_clip.pth"), ("clip_quickgelu_resized", "open_clip.fp16.pth"),
            ("clip_quickgelu_resized", "hf.safetensors"), ("clip_quickgelu_resized", "timm.safetensors"),
            ("dinov3_wide", "facebook.pth"), ("dinov3_swiglu", "facebook.pth"),
        ])
    func sameTensors(golden: String, file: String) throws {
        let description = try description(golden)
        let twin = golden.hasPrefix("clip") ? "open_clip" : "facebook"
        let plain = try BackboneWeights(path: Goldens.path("\(golden).weights.\(twin).safetensors"), for: description)
        let weights = try BackboneWeights(path: Goldens.path("\(golden).weights.\(file)"), for: description)
        // The largest weights of these networks are below 4, where halves are 2⁻⁹ apart or less.
        try expectEqual(weights, plain, tolerance: file.contains("fp16") ? 0x1p-9 : 0)
    }

    @Test("Training checkpoints, bfloat16, ONNX and TorchScript give the same canonical tensors")
    func furtherFormats() throws {
        let dinov2 = try committed("dinov2_native", "facebook.safetensors")
        let description = try committedDescription("dinov2_native")
        try expectEqual(fixture("dinov2_native.checkpoint.pth", description), dinov2)
        try expectEqual(fixture("dinov2_native.weights.onnx", description), dinov2)
        try expectEqual(fixture("dinov2_native.bfloat16.bin", description), dinov2, tolerance: 0x1p-7)
        let clip = try committed("clip_gelu_native", "open_clip.safetensors")
        try expectEqual(
            fixture("clip_gelu_native.weights.torchscript.pt", committedDescription("clip_gelu_native")), clip,
            tolerance: 0x1p-9)
    }

    @Test("timm's register models, which have no position for the class token, are read")
    func registers() throws {
        var description = try committedDescription("dinov2_native")
        description.registers = 4
        let weights = try fixture("dinov2_registers.timm.pth", description)
        let plain = try committed("dinov2_native", "facebook.safetensors")
        #expect(try weights.floats("register_tokens") == (0..<128).map(Float.init))
        let width = description.width
        let (embedding, plainEmbedding) = (try weights.floats("pos_embed"), try plain.floats("pos_embed"))
        #expect(embedding.prefix(width).allSatisfy { $0 == 0 })
        #expect(embedding.dropFirst(width) == plainEmbedding.dropFirst(width))
        let sum = zip(try plain.floats("cls_token"), plainEmbedding).map(+)
        #expect(try weights.floats("cls_token") == sum)
    }

    /// Writes the tensors of a golden under other names.
    private func renamed(_ file: String, to path: String, _ rename: (String) -> String) throws {
        let archive = try TensorArchive(path: "\(Goldens.fixtures)/goldens/\(file)")
        var writer = SafetensorsWriter()
        for name in archive.names { writer.add(rename(name), try archive.tensor(name)) }
        try writer.write(to: path)
    }

    @Test("DINOv3 is read with the names that the library gives its layers since version 5")
    func laterNames() throws {
        let scratch = try ScratchFolder()
        let path = scratch.path("w.safetensors")
        try renamed("dinov3_swiglu.weights.hf.safetensors", to: path) {
            $0.hasPrefix("layer.") ? "model.\($0)" : $0
        }
        let weights = try BackboneWeights(path: path, for: committedDescription("dinov3_swiglu"))
        #expect(weights.naming == .huggingFaceDINOv3)
        try expectEqual(weights, committed("dinov3_swiglu", "hf.safetensors"))
    }

    @Test("The bias of keys is what the mask leaves of it, and zero where a file has none")
    func keyBias() throws {
        let masked = try committed("dinov3_swiglu", "facebook.safetensors")
        for other in [try committed("dinov3_swiglu", "hf.safetensors"), try committed("dinov3_swiglu", "timm.safetensors")] {
            for name in masked.names where name != "rope_embed.periods" {
                #expect(try Goldens.maximumDifference(masked.floats(name), other.floats(name)) == 0, "\(name)")
            }
        }
        let none = try committed("dinov3_wide", "timm.safetensors")
        #expect(try none.floats("blocks.0.attn.qkv.bias").allSatisfy { $0 == 0 })
    }

    @Test("Gated and plain networks of the same widths are told apart", arguments: ["facebook", "hf", "timm"])
    func gatedOrPlain(naming: String) throws {
        var (plain, gated) = (try description("dinov3_wide"), try description("dinov3_swiglu"))
        (plain.mlpWidth, gated.mlpWidth) = (64, 64)
        #expect(throws: WeightsError.self) {
            try BackboneWeights(
                path: Goldens.path("dinov3_swiglu.weights.\(naming).safetensors"), for: plain)
        }
        #expect(throws: WeightsError.self) {
            try BackboneWeights(
                path: Goldens.path("dinov3_wide.weights.\(naming).safetensors"), for: gated)
        }
    }

    @Test("The gated networks of DINOv2 are read under Meta's, Hugging Face's and timm's names")
    func gatedDINOv2() throws {
        var description = try description("dinov2_native")
        (description.feedForward, description.mlpWidth) = (.gated, 40)
        let scratch = try ScratchFolder()
        try BackboneWeights.writeRandom(for: description, to: scratch.path("timm.safetensors"))
        let timm = try BackboneWeights(path: scratch.path("timm.safetensors"), for: description)
        let archive = try TensorArchive(path: scratch.path("timm.safetensors"))
        var writer = SafetensorsWriter()
        for name in archive.names {
            writer.add(name.replacing("mlp.fc1", with: "mlp.w12").replacing("mlp.fc2", with: "mlp.w3"), try archive.tensor(name))
        }
        try writer.write(to: scratch.path("meta.safetensors"))
        try expectEqual(BackboneWeights(path: scratch.path("meta.safetensors"), for: description), timm)
        let plain = try TensorArchive(path: Goldens.path("dinov2_native.weights.hf.safetensors"))
        writer = SafetensorsWriter()
        for name in plain.names where !name.contains(".mlp.") { writer.add(name, try plain.tensor(name)) }
        for block in 0..<description.depth {
            for (own, other) in [("fc1", "weights_in"), ("fc2", "weights_out")] {
                for kind in ["weight", "bias"] {
                    writer.add(
                        "encoder.layer.\(block).mlp.\(other).\(kind)",
                        try archive.tensor("blocks.\(block).mlp.\(own).\(kind)"))
                }
            }
        }
        try writer.write(to: scratch.path("hf.safetensors"))
        let hf = try BackboneWeights(path: scratch.path("hf.safetensors"), for: description)
        #expect(try hf.floats("blocks.1.mlp.fc1.weight") == timm.floats("blocks.1.mlp.fc1.weight"))
    }

    @Test("Canonical tensors that were written to a file of their own are read back")
    func canonicalFile() throws {
        let weights = try committed("clip_gelu_native", "hf.safetensors")
        let scratch = try ScratchFolder()
        try weights.canonicalFile().write(to: scratch.path("w.safetensors"))
        try expectEqual(
            BackboneWeights(path: scratch.path("w.safetensors"), for: description("clip_gelu_native")), weights)
    }

    @Test("Missing, misshapen and surplus tensors are named with what was expected")
    func mismatches() throws {
        let scratch = try ScratchFolder()
        let golden = try Goldens.archive("dinov2_native.weights.hf.safetensors")
        var writer = SafetensorsWriter()
        for name in golden.names where name != "layernorm.bias" && name != "embeddings.cls_token" {
            writer.add(name, try golden.tensor(name))
        }
        writer.add("embeddings.cls_token", [1, 2, 3], shape: [3] as [Int])
        writer.add("encoder.layer.9.norm1.bias", [0] as [Float], shape: [1])
        try writer.write(to: scratch.path("w.safetensors"))
        let error = #expect(throws: WeightsError.self) {
            try BackboneWeights(path: scratch.path("w.safetensors"), for: description("dinov2_native"))
        }
        let text = error?.description ?? ""
        #expect(text.contains("missing: \"layernorm.bias\", expected with the shape [32]"))
        #expect(text.contains("wrong shape: \"embeddings.cls_token\" is [3], expected [32]"))
        #expect(text.contains("not expected: \"encoder.layer.9.norm1.bias\""))
        #expect(text.contains("Hugging Face"))
    }

    @Test("Another backbone's weights are refused with the number of what differs")
    func otherBackbone() throws {
        let small = try #require(BackboneCatalogue.description(named: "dinov2_vits14"))
        let error = #expect(throws: WeightsError.self) {
            try BackboneWeights(path: Goldens.path("dinov2_native.weights.facebook.safetensors"), for: small)
        }
        #expect(error?.description.contains("not those of dinov2_vits14") == true)
        #expect(error?.description.contains("more of this kind") == true)
    }

    @Test("Tensors that are no vision transformer's are refused with what was found")
    func unknownNaming() throws {
        let scratch = try ScratchFolder()
        var writer = SafetensorsWriter()
        writer.add("layer1.0.conv1.weight", [0] as [Float], shape: [1])
        try writer.write(to: scratch.path("resnet.safetensors"))
        let error = #expect(throws: WeightsError.self) {
            try BackboneWeights(path: scratch.path("resnet.safetensors"), for: description("dinov2_native"))
        }
        #expect(error?.description.contains("\"layer1.0.conv1.weight\"") == true)
    }
}
