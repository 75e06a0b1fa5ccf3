"""Causal layers: each maps a whole sequence at once, and gives the same numbers step by step.

The context module is the exception: it sees both sides.
"""

from undertow.layers.attention import CausalSelfAttention, WindowedSelfAttention, attention, attention_weights
from undertow.layers.causal_conv import CausalConv1d
from undertow.layers.context import ContextModule
from undertow.layers.diagonal_lstm import DiagonalBiLSTM
from undertow.layers.dropout import ChannelDropout, Dropout
from undertow.layers.embedding import Embedding, TiedOutput
from undertow.layers.feed_forward import FeedForward, GatedFeedForward
from undertow.layers.frames import Framed
from undertow.layers.gated import GatedConv1d, GatedStack, dilation_cycles
from undertow.layers.inputs import InputKind, Inputs
from undertow.layers.layer import Layer, StatelessLayer
from undertow.layers.linear_prediction import Lags
from undertow.layers.multi_head_attention import MultiHeadAttention
from undertow.layers.multiplicative import MultiplicativeUnit
from undertow.layers.norm import LayerNorm
from undertow.layers.raster_conv import Block, Raster, RasterConv, around, before, by_place
from undertow.layers.recurrent import Cell, Recurrent
from undertow.layers.row_lstm import RowLSTM
from undertow.layers.serial import Serial
from undertow.layers.stacked import Stacked
from undertow.layers.upsample import Repeat, TransposedConv1d
from undertow.layers.values import Values
from undertow.layers.weight_norm import WeightNormConv1d

__all__ = [
    "Block",
    "CausalConv1d",
    "CausalSelfAttention",
    "Cell",
    "ChannelDropout",
    "ContextModule",
    "DiagonalBiLSTM",
    "Dropout",
    "Embedding",
    "FeedForward",
    "Framed",
    "GatedConv1d",
    "GatedFeedForward",
    "GatedStack",
    "InputKind",
    "Inputs",
    "Lags",
    "Layer",
    "LayerNorm",
    "MultiHeadAttention",
    "MultiplicativeUnit",
    "Raster",
    "RasterConv",
    "Recurrent",
    "Repeat",
    "RowLSTM",
    "Serial",
    "Stacked",
    "StatelessLayer",
    "TiedOutput",
    "TransposedConv1d",
    "Values",
    "WeightNormConv1d",
    "WindowedSelfAttention",
    "around",
    "attention",
    "attention_weights",
    "before",
    "by_place",
    "dilation_cycles",
]
