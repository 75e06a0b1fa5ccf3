"""The plain WaveNet draws by its queues what it draws when all is read again."""

import torch

from benchmarks.plain_wavenet import PlainWaveNet


def test_queues_draw_what_the_whole_sequence_says():
    torch.manual_seed(1)
    model = PlainWaveNet(num_symbols=7, channels=4, skip=6, cycles=1).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= 2
    torch.manual_seed(2)
    made = model.generate(40)
    torch.manual_seed(2)
    symbols = torch.tensor([[7]])
    for _ in range(40):
        with torch.no_grad():
            law = model(symbols)[:, :, -1].softmax(dim=1)
        symbols = torch.cat([symbols, torch.multinomial(law, 1)], dim=1)
    assert symbols[0, 1:].tolist() == made.tolist() and len(set(made.tolist())) > 3
