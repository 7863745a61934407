"""The same without reuse: TensorFlow refuses the second call."""

from __future__ import annotations

from model import discriminator, tf1

tf1.disable_eager_execution()
real = tf1.placeholder(tf1.float32, [None, 4], name="real")
fake = tf1.placeholder(tf1.float32, [None, 4], name="fake")
judged_real = discriminator(real)
judged_fake = discriminator(fake)
