"""Learns MNIST from the folder where its files are, plain or compressed by gzip, and saves the model."""

import argparse
import pathlib

import lebm
import numpy as np

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path, help="has train-images-idx3-ubyte or train-images-idx3-ubyte.gz")
    parser.add_argument("--epochs", type=int, default=13, help="passes over the images (%(default)s)")
    parser.add_argument("--model", default="model.safetensors", help="file for the model (%(default)s)")
    options = parser.parse_args()
    try:
        pathlib.Path(options.model).parent.stat()  # before it learns for long
        images, rng = lebm.images.load(options.folder), np.random.default_rng(1)
    except (OSError, ValueError) as error:
        parser.exit(1, f"train_mnist.py: {error}\n")
    g_spec = "in 16; linear 256; relu; linear 512; relu; linear 784; reshape 1 28 28; tanh"
    model = lebm.create_model("in 16; linear 200; gelu; linear 200; gelu; linear 1", g_spec, "gaussian", 0.3, seed=1)
    to_prior = lebm.Sampler(steps=160, step_size=0.25, last_step_size=0.01)  # first stride, then settle
    to_posterior = lebm.Sampler(steps=4, step_size=0.005)
    kept = {"posterior_chains": "kept", "observations": len(images), "first_visit_steps": 40, "average_decay": 0.999}
    rates = {"prior_learning_rate": 3e-3, "generator_learning_rate": 2e-3, "decay_per_epoch": 0.85}
    trainer = lebm.Trainer(*model, to_prior, to_posterior, **kept, **rates)
    try:
        for epoch in range(options.epochs):
            for batch in np.array_split(rng.permutation(len(images)), max(1, len(images) // 100)):
                trainer.step(images[batch], ids=batch)
                if trainer.steps_done % 20 == 1:
                    print(trainer.steps_done, {key: trainer.metric(key) for key in ("reconstruction_mse", "f_gap")})
            trainer.end_epoch()
    except KeyboardInterrupt:
        print(f"interrupted after {trainer.steps_done} steps")
    trainer.save_model(options.model)
    print(f"the model is in {options.model!r}")
