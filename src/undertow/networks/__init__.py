"""Networks by name: layers that turn past symbols and a condition into parameters of the next symbol."""

from typing import Annotated, Any

from undertow.config import choice
from undertow.errors import UsageError
from undertow.networks.bilstm import BiLSTM
from undertow.networks.bytenet import ByteNet
from undertow.networks.causal_convs import CausalConvs
from undertow.networks.context_filter import ContextFilter
from undertow.networks.dilated_encoder import DilatedEncoder
from undertow.networks.encoder_decoder import EncoderDecoder, InputShape
from undertow.networks.excitation import Excitation
from undertow.networks.frame_encoder import FrameEncoder
from undertow.networks.gated_pixelcnn import GatedPixelCNN
from undertow.networks.image_context import ImageContext
from undertow.networks.labeller import Labeller
from undertow.networks.network import Network
from undertow.networks.pixelcnn import PixelCNN
from undertow.networks.pixelcnn_pp import PixelCNNpp
from undertow.networks.pixelrnn import DiagonalBiLSTMNetwork, RowLSTMNetwork
from undertow.networks.raster_network import RasterNetwork, with_shape
from undertow.networks.rnn import RNN
from undertow.networks.rnn_attention import RNNAttention
from undertow.networks.samplernn import SampleRNN
from undertow.networks.seq2seq_bytenet import Seq2SeqByteNet
from undertow.networks.seq2seq_rnn import Seq2SeqRNN
from undertow.networks.seq2seq_rnn_attention import Seq2SeqRNNAttention
from undertow.networks.seq2seq_transformer import Seq2SeqTransformer
from undertow.networks.sequence_context import SequenceContext
from undertow.networks.speech_encoder import SpeechEncoder
from undertow.networks.strided_encoder import StridedEncoder
from undertow.networks.tcn import TCN
from undertow.networks.transformer import Transformer
from undertow.networks.transformer_labeller import TransformerLabeller
from undertow.networks.wavenet import WaveNet

NETWORKS: dict[str, Any] = {
    "bytenet": ByteNet,
    "causal_convs": CausalConvs,
    "diagonal_bilstm": DiagonalBiLSTMNetwork,
    "gated_pixelcnn": GatedPixelCNN,
    "pixelcnn": PixelCNN,
    "pixelcnn_pp": PixelCNNpp,
    "rnn": RNN,
    "rnn_attention": RNNAttention,
    "row_lstm": RowLSTMNetwork,
    "samplernn": SampleRNN,
    "tcn": TCN,
    "transformer": Transformer,
    "wavenet": WaveNet,
}

ENCODER_DECODERS: dict[str, type[EncoderDecoder]] = {
    "bytenet": Seq2SeqByteNet,
    "rnn": Seq2SeqRNN,
    "rnn_attention": Seq2SeqRNNAttention,
    "transformer": Seq2SeqTransformer,
}

LABELLERS: dict[str, type[Labeller]] = {
    "bilstm": BiLSTM,
    "context_filter": ContextFilter,
    "image_context": ImageContext,
    "sequence_context": SequenceContext,
    "transformer": TransformerLabeller,
}

FRAME_ENCODERS: dict[str, type[FrameEncoder]] = {
    "dilated": DilatedEncoder,
    "speech": SpeechEncoder,
    "strided": StridedEncoder,
}

NetworkConfig = Annotated[Any, choice(NETWORKS)]
EncoderDecoderConfig = Annotated[Any, choice(ENCODER_DECODERS)]
LabellerConfig = Annotated[Any, choice(LABELLERS)]
FrameEncoderConfig = Annotated[Any, choice(FRAME_ENCODERS)]


def build(
    config: Any,
    num_symbols: int,
    num_params: int,
    condition_channels: int = 0,
    in_channels: int = 1,
    shape: tuple[int, int, int] | None = None,
) -> Network:
    """The network a config describes, for an alphabet, an emission and a conditioner of these sizes.

    Args:
        shape: (rows, columns, channels) of what the symbols are in raster order; None if they are no images.

    Raises:
        UsageError: it takes symbols, and a step is a vector or has no symbol; or it reads images, and has none.
    """
    kind = NETWORKS[config.kind]
    if issubclass(kind, RasterNetwork):
        config = with_shape(config, shape)
    network: Network = kind(config, num_symbols, num_params, condition_channels, in_channels)
    if network.takes_symbols and (in_channels > 1 or num_symbols == 0):
        raise UsageError("an embedding needs one symbol a step, and this data has values; set network.input=scalar")
    return network


def build_encoder_decoder(config: Any, source: InputShape, target: InputShape, num_params: int) -> EncoderDecoder:
    """The encoder–decoder a config describes, for a source, a target and an emission of these sizes."""
    build: Any = ENCODER_DECODERS[config.kind]
    return build(config, source, target, num_params)


def build_labeller(config: Any, num_outputs: int, in_channels: int) -> Labeller:
    """The labeller a config describes, with so many outputs at each step or pixel."""
    build: Any = LABELLERS[config.kind]
    labeller: Labeller = build(config, num_outputs, in_channels)
    return labeller


def build_frame_encoder(config: Any, in_channels: int) -> FrameEncoder:
    """The frame encoder a config describes, for frames of so many channels."""
    build: Any = FRAME_ENCODERS[config.kind]
    encoder: FrameEncoder = build(config, in_channels)
    return encoder


__all__ = [
    "ENCODER_DECODERS",
    "FRAME_ENCODERS",
    "LABELLERS",
    "NETWORKS",
    "RNN",
    "TCN",
    "BiLSTM",
    "ByteNet",
    "CausalConvs",
    "ContextFilter",
    "DiagonalBiLSTMNetwork",
    "EncoderDecoder",
    "EncoderDecoderConfig",
    "Excitation",
    "FrameEncoder",
    "FrameEncoderConfig",
    "GatedPixelCNN",
    "ImageContext",
    "Labeller",
    "LabellerConfig",
    "Network",
    "NetworkConfig",
    "PixelCNN",
    "PixelCNNpp",
    "RNNAttention",
    "RasterNetwork",
    "SampleRNN",
    "RowLSTMNetwork",
    "Seq2SeqByteNet",
    "Seq2SeqRNN",
    "Seq2SeqRNNAttention",
    "Seq2SeqTransformer",
    "SequenceContext",
    "SpeechEncoder",
    "StridedEncoder",
    "InputShape",
    "Transformer",
    "TransformerLabeller",
    "WaveNet",
    "build",
    "build_encoder_decoder",
    "build_frame_encoder",
    "build_labeller",
]
