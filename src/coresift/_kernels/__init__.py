"""Compiled kernels: arrays in, arrays out.

The caller allocates, the kernel fills. No kernel checks its input, none uses
fastmath or BLAS, and none sums floats across threads: a kernel works row by row
(or candidate by candidate) and vectorises over the outputs of one row, so that
the result for a row never depends on the rows beside it.
"""
