"""Triton kernels of deformable attention, forward and backward.

A program computes a tile of queries of one head of one frame. Softmax,
reference points and offsets are read as they leave the projections; nothing
of the size (queries x points) is written in the forward pass. Sums are in
float32.

Letters: B frames, S positions over all levels, H heads, D dims per head,
Q queries, V levels, P points. ``value`` has strides of its own, everything
else is contiguous.

The dims of a head are held as two halves of (BLOCK_Q, HALF): dims 2i and
2i + 1 of bfloat16, which share a register (PACKED), else the first and the
last D / 2 dims. Either way a thread holds 8 dims of a query in registers,
reads 16 bytes at a time and adds 16 bytes at a time to the gradient, and no
layout is changed in between.

Needs Triton; only :mod:`.triton_op` imports this file.
"""
# flake8: noqa: N803, N806
# (Triton's habit: what a kernel is compiled for is in capitals)
import triton
import triton.language as tl


@triton.jit
def _highest(logits, NUM_SAMPLES: tl.constexpr):
    """Largest logit of each query, (BLOCK_Q, ).

    Column by column: a (BLOCK_Q, samples) tile would get a layout of its own,
    and all arithmetic per query would be done twice, once in each layout.
    """
    highest = tl.load(logits).to(tl.float32)
    for sample in tl.static_range(1, NUM_SAMPLES):
        highest = tl.maximum(highest, tl.load(logits + sample).to(tl.float32))
    return highest


@triton.jit
def _softmax_sums(logits, NUM_SAMPLES: tl.constexpr):
    """Largest logit and sum of exponentials of each query, (BLOCK_Q, )."""
    highest = _highest(logits, NUM_SAMPLES)
    norm = tl.zeros(highest.shape, tl.float32)
    for sample in tl.static_range(NUM_SAMPLES):
        norm += tl.exp(tl.load(logits + sample).to(tl.float32) - highest)
    return highest, norm


@triton.jit
def _reference(references, height, width, NUM_POINTS: tl.constexpr,
               BOXES: tl.constexpr):
    """Position of the reference in pixels and pixels per unit of offset."""
    x = tl.load(references).to(tl.float32) * width - 0.5
    y = tl.load(references + 1).to(tl.float32) * height - 0.5
    if BOXES:
        part: tl.constexpr = 0.5 / NUM_POINTS
        w = tl.load(references + 2).to(tl.float32)
        h = tl.load(references + 3).to(tl.float32)
        return x, y, w * (width * part), h * (height * part)
    one = tl.full(x.shape, 1.0, tl.float32)
    return x, y, one, one


@triton.jit
def _neighbours(position, size):
    """Both neighbours on one axis: index inside, share, slope of the share.

    A neighbour outside has neither share nor slope. Positions far away are
    pulled to where both neighbours are outside, so that the conversion to
    an integer cannot overflow.
    """
    position = tl.minimum(tl.maximum(position, -2.0), size + 1.0)
    floor = tl.floor(position)
    first = floor.to(tl.int32)
    second = first + 1
    slope_first = tl.where(first.to(tl.uint32) < size, -1.0, 0.0)
    slope_second = tl.where(second.to(tl.uint32) < size, 1.0, 0.0)
    distance = position - floor
    return (tl.minimum(tl.maximum(first, 0), size - 1),
            tl.minimum(tl.maximum(second, 0), size - 1),
            slope_first * (distance - 1.0), slope_second * distance,
            slope_first, slope_second)


@triton.jit
def _locate(offsets, ref_x, ref_y, unit_x, unit_y):
    """A sampled position in pixels, and the offset itself."""
    off_x = tl.load(offsets).to(tl.float32)
    off_y = tl.load(offsets + 1).to(tl.float32)
    return ref_x + off_x * unit_x, ref_y + off_y * unit_y, off_x, off_y


@triton.jit
def _load_halves(pointer, row, half, stride, DIMS: tl.constexpr,
                 HALF: tl.constexpr, PACKED: tl.constexpr):
    """Both halves of rows of ``stride`` elements, float32.

    Args:
        pointer: To the first element.
        row: Rows to load, (BLOCK_Q, ).
        half: 0 to HALF.
        stride: Elements between two rows, even if packed.
    """
    mask = None if DIMS == 2 * HALF else (half < DIMS // 2)[None, :]
    other = None if DIMS == 2 * HALF else 0
    if PACKED:
        words = pointer.to(tl.pointer_type(tl.int32))
        pointers = words + (row * (stride // 2))[:, None] + half[None, :]
        pair = tl.load(pointers, mask=mask, other=other)
        # a bfloat16 is the upper half of a float32
        return ((pair << 16).to(tl.float32, bitcast=True),
                (pair & -65536).to(tl.float32, bitcast=True))
    pointers = pointer + (row * stride)[:, None] + half[None, :]
    first = tl.load(pointers, mask=mask, other=other)
    second = tl.load(pointers + DIMS // 2, mask=mask, other=other)
    return first.to(tl.float32), second.to(tl.float32)


@triton.jit
def _store_halves(pointer, row, half, first, second, inside,
                  DIMS: tl.constexpr, HALF: tl.constexpr,
                  PACKED: tl.constexpr):
    """The way back of :func:`_load_halves`, into rows of DIMS elements."""
    mask = inside[:, None] & (half < DIMS // 2)[None, :]
    if PACKED:
        lower = first.to(tl.bfloat16).to(tl.uint16, bitcast=True)
        upper = second.to(tl.bfloat16).to(tl.uint16, bitcast=True)
        pair = (upper.to(tl.uint32) << 16) | lower.to(tl.uint32)
        words = pointer.to(tl.pointer_type(tl.uint32))
        pointers = words + (row * (DIMS // 2))[:, None] + half[None, :]
        tl.store(pointers, pair, mask=mask)
    else:
        pointers = pointer + (row * DIMS)[:, None] + half[None, :]
        element = pointer.dtype.element_ty
        tl.store(pointers, first.to(element), mask=mask)
        tl.store(pointers + DIMS // 2, second.to(element), mask=mask)


@triton.jit
def forward_kernel(value, references, offsets, logits, output, shapes,
                   num_queries, num_heads, value_stride_b, value_stride_s,
                   value_stride_h, NUM_LEVELS: tl.constexpr,
                   NUM_POINTS: tl.constexpr, DIMS: tl.constexpr,
                   HALF: tl.constexpr, BLOCK_Q: tl.constexpr,
                   BOXES: tl.constexpr, WIDE: tl.constexpr,
                   PACKED: tl.constexpr):
    """Output of a tile; grid (query tiles, H, B)."""
    NUM_SAMPLES: tl.constexpr = NUM_LEVELS * NUM_POINTS
    REF_DIMS: tl.constexpr = 4 if BOXES else 2
    head = tl.program_id(1)
    frame = tl.program_id(2).to(tl.int64)
    index = tl.program_id(0) * BLOCK_Q + tl.arange(0, BLOCK_Q)
    half = tl.arange(0, HALF)
    # after the last query: that one again, not stored
    query = frame * num_queries + tl.minimum(index, num_queries - 1)
    row = query * num_heads + head
    value += frame * value_stride_b + head * value_stride_h
    references += query * (NUM_LEVELS * REF_DIMS)
    offsets += row * (2 * NUM_SAMPLES)
    logits += row * NUM_SAMPLES
    highest = _highest(logits, NUM_SAMPLES)
    norm = tl.zeros((BLOCK_Q, ), tl.float32)
    total_a = tl.zeros((BLOCK_Q, HALF), tl.float32)
    total_b = tl.zeros((BLOCK_Q, HALF), tl.float32)
    start = 0
    for level in tl.static_range(NUM_LEVELS):
        height = shapes[2 * level]
        width = shapes[2 * level + 1]
        ref_x, ref_y, unit_x, unit_y = _reference(
            references + level * REF_DIMS, height, width, NUM_POINTS, BOXES)
        for point in tl.static_range(NUM_POINTS):
            at = level * NUM_POINTS + point
            x, y, _, _ = _locate(offsets + 2 * at, ref_x, ref_y, unit_x,
                                 unit_y)
            x0, x1, left, right, _, _ = _neighbours(x, width)
            y0, y1, upper, lower, _, _ = _neighbours(y, height)
            weight = tl.exp(tl.load(logits + at).to(tl.float32) - highest)
            norm += weight
            for corner in tl.static_range(4):
                row_y, share_y = (y0, upper) if corner < 2 else (y1, lower)
                col_x, share_x = (x0, left) if corner % 2 == 0 else (x1,
                                                                     right)
                at_value = start + row_y * width + col_x
                if WIDE:
                    at_value = at_value.to(tl.int64)
                a, b = _load_halves(value, at_value, half, value_stride_s,
                                    DIMS, HALF, PACKED)
                share = (weight * share_y * share_x)[:, None]
                total_a += a * share
                total_b += b * share
        start += height * width
    scale = (1.0 / norm)[:, None]
    _store_halves(output, row, half, total_a * scale, total_b * scale,
                  index < num_queries, DIMS, HALF, PACKED)


@triton.jit
def _store_points(pointer, values, inside, NUM_VALUES: tl.constexpr):
    """Store a tuple of (BLOCK_Q, ) tensors side by side.

    A single store changes the layout once for all of them.
    """
    element = pointer.dtype.element_ty
    if NUM_VALUES == 8:
        pairs = tl.join(
            tl.join(
                tl.join(values[0], values[4]), tl.join(values[2], values[6])),
            tl.join(
                tl.join(values[1], values[5]), tl.join(values[3], values[7])))
        tile = tl.reshape(pairs, (inside.shape[0], 8))
        tl.store(
            pointer[:, None] + tl.arange(0, 8)[None, :],
            tile.to(element),
            mask=inside[:, None])
    elif NUM_VALUES == 4:
        pairs = tl.join(
            tl.join(values[0], values[2]), tl.join(values[1], values[3]))
        tile = tl.reshape(pairs, (inside.shape[0], 4))
        tl.store(
            pointer[:, None] + tl.arange(0, 4)[None, :],
            tile.to(element),
            mask=inside[:, None])
    else:
        for i in tl.static_range(NUM_VALUES):
            tl.store(pointer + i, values[i].to(element), mask=inside)


@triton.jit
def backward_kernel(value, references, offsets, logits, output, grad_output,
                    grad_value, grad_references, grad_offsets, grad_logits,
                    shapes, num_queries, num_heads, value_stride_b,
                    value_stride_s, value_stride_h, num_positions,
                    NUM_LEVELS: tl.constexpr, NUM_POINTS: tl.constexpr,
                    DIMS: tl.constexpr, HALF: tl.constexpr,
                    BLOCK_Q: tl.constexpr, BOXES: tl.constexpr,
                    WIDE: tl.constexpr, PACKED: tl.constexpr,
                    WITH_VALUE: tl.constexpr, WITH_REFERENCES: tl.constexpr):
    """Gradients of a tile; grid (query tiles, H, B).

    ``grad_value`` (B, S, H, 2, D / 2) holds the halves one after the other
    in float32; it is zero before and added to by atomic instructions.
    ``grad_references`` (B, Q, H, V, 2 or 4) is float32 and of one head. Both
    are left alone unless asked for.
    """
    NUM_SAMPLES: tl.constexpr = NUM_LEVELS * NUM_POINTS
    REF_DIMS: tl.constexpr = 4 if BOXES else 2
    head = tl.program_id(1)
    frame = tl.program_id(2).to(tl.int64)
    index = tl.program_id(0) * BLOCK_Q + tl.arange(0, BLOCK_Q)
    half = tl.arange(0, HALF)
    inside = index < num_queries
    query = frame * num_queries + tl.minimum(index, num_queries - 1)
    row = query * num_heads + head
    value += frame * value_stride_b + head * value_stride_h
    grad_value += (frame * num_positions * num_heads + head) * DIMS
    references += query * (NUM_LEVELS * REF_DIMS)
    grad_references += row * (NUM_LEVELS * REF_DIMS)
    offsets += row * (2 * NUM_SAMPLES)
    grad_offsets += row * (2 * NUM_SAMPLES)
    logits += row * NUM_SAMPLES
    grad_logits += row * NUM_SAMPLES
    grad_a, grad_b = _load_halves(grad_output, row, half, DIMS, DIMS, HALF,
                                  PACKED)
    out_a, out_b = _load_halves(output, row, half, DIMS, DIMS, HALF, PACKED)
    # what softmax takes off: the mean of the gradients of all weights
    mean = tl.sum(grad_a * out_a + grad_b * out_b, 1)
    highest, norm = _softmax_sums(logits, NUM_SAMPLES)
    scale = 1.0 / norm
    start = 0
    for level in tl.static_range(NUM_LEVELS):
        height = shapes[2 * level]
        width = shapes[2 * level + 1]
        ref_x, ref_y, unit_x, unit_y = _reference(
            references + level * REF_DIMS, height, width, NUM_POINTS, BOXES)
        sum_x = tl.zeros((BLOCK_Q, ), tl.float32)
        sum_y = tl.zeros((BLOCK_Q, ), tl.float32)
        sum_w = tl.zeros((BLOCK_Q, ), tl.float32)
        sum_h = tl.zeros((BLOCK_Q, ), tl.float32)
        to_offsets = ()
        to_logits = ()
        for point in tl.static_range(NUM_POINTS):
            at = level * NUM_POINTS + point
            x, y, off_x, off_y = _locate(offsets + 2 * at, ref_x, ref_y,
                                         unit_x, unit_y)
            x0, x1, left, right, slope_left, slope_right = _neighbours(
                x, width)
            y0, y1, upper, lower, slope_upper, slope_lower = _neighbours(
                y, height)
            weight = tl.exp(
                tl.load(logits + at).to(tl.float32) - highest) * scale
            grad_x = tl.zeros((BLOCK_Q, ), tl.float32)
            grad_y = tl.zeros((BLOCK_Q, ), tl.float32)
            grad_weight = tl.zeros((BLOCK_Q, ), tl.float32)
            for corner in tl.static_range(4):
                row_y, share_y, slope_y = (
                    y0, upper, slope_upper) if corner < 2 else (y1, lower,
                                                                slope_lower)
                col_x, share_x, slope_x = (
                    x0, left,
                    slope_left) if corner % 2 == 0 else (x1, right,
                                                         slope_right)
                at_value = start + row_y * width + col_x
                if WIDE:
                    at_value = at_value.to(tl.int64)
                a, b = _load_halves(value, at_value, half, value_stride_s,
                                    DIMS, HALF, PACKED)
                product = tl.sum(a * grad_a + b * grad_b, 1)
                share = share_x * share_y
                grad_x += product * (slope_x * share_y)
                grad_y += product * (share_x * slope_y)
                grad_weight += product * share
                if WITH_VALUE:
                    pointers = grad_value + (at_value * (
                        num_heads * DIMS))[:, None] + half[None, :]
                    mask = (inside & (share != 0.0))[:, None]
                    if DIMS != 2 * HALF:
                        mask = mask & (half < DIMS // 2)[None, :]
                    share = (weight * share)[:, None]
                    tl.atomic_add(
                        pointers, grad_a * share, mask=mask, sem='relaxed')
                    tl.atomic_add(
                        pointers + DIMS // 2,
                        grad_b * share,
                        mask=mask,
                        sem='relaxed')
            grad_x *= weight
            grad_y *= weight
            to_offsets = to_offsets + (grad_x * unit_x, grad_y * unit_y)
            to_logits = to_logits + (weight * (grad_weight - mean), )
            if WITH_REFERENCES:
                sum_x += grad_x
                sum_y += grad_y
                sum_w += grad_x * off_x
                sum_h += grad_y * off_y
        first = level * NUM_POINTS
        _store_points(grad_offsets + 2 * first, to_offsets, inside,
                      2 * NUM_POINTS)
        _store_points(grad_logits + first, to_logits, inside, NUM_POINTS)
        if WITH_REFERENCES:
            pointer = grad_references + level * REF_DIMS
            tl.store(pointer, sum_x * width, mask=inside)
            tl.store(pointer + 1, sum_y * height, mask=inside)
            if BOXES:
                part = 0.5 / NUM_POINTS
                tl.store(pointer + 2, sum_w * (width * part), mask=inside)
                tl.store(pointer + 3, sum_h * (height * part), mask=inside)
        start += height * width
