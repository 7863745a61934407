"""A name scope names ops; a variable scope names ops and variables; neither shares anything by itself."""

from __future__ import annotations

from model import tf1

tf1.disable_eager_execution()
tf1.disable_resource_variables()

with tf1.name_scope("by_name_scope"):
    tf1.get_variable("a", [2])  # `a`: get_variable does not see name scopes
    tf1.Variable([0.0, 0.0], name="b")  # `by_name_scope/b`: tf.Variable does

with tf1.variable_scope("by_variable_scope"):
    tf1.get_variable("c", [2])  # `by_variable_scope/c`

with tf1.variable_scope("by_variable_scope", reuse=True):
    c = tf1.get_variable("c", [2])  # the same variable; its ops are in `by_variable_scope_1`
    tf1.identity(c, name="used")
    tf1.Variable([0.0, 0.0], name="d")  # a new variable in spite of reuse, `by_variable_scope_1/d`

with tf1.variable_scope("shared", reuse=tf1.AUTO_REUSE):
    first = tf1.get_variable("e", [2])  # created
    again = tf1.get_variable("e", [2])  # reused
