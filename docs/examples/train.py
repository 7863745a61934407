"""Builds one discriminator for two inputs, and writes the graph: `scopeview trace train.py`."""

from __future__ import annotations

from model import discriminator, tf1

tf1.disable_eager_execution()
tf1.disable_resource_variables()
real = tf1.placeholder(tf1.float32, [None, 4], name="real")
fake = tf1.placeholder(tf1.float32, [None, 4], name="fake")
judged_real = discriminator(real)
with tf1.variable_scope(tf1.get_variable_scope(), reuse=True):
    judged_fake = discriminator(fake)
loss = tf1.reduce_mean(judged_fake) - tf1.reduce_mean(judged_real)
