"""The session that draws many steps at once: the fixed point of their equations, by Jacobi iteration.

With its noise given, symbol t is a function of the symbols before it. All steps of a draw are guessed, and drawn again
from the parameters that one parallel call gives for the guess, until nothing changes. After k calls at least the first
k symbols are right, so it takes at most as many calls as steps, and far fewer where most symbols depend little on the
last ones (Song et al., Accelerating Feedforward Computation via Parallel Nonlinear Equation Solving, arXiv 2002.03629;
Wiggers & Hoogeboom, Predictive Sampling with Forecasting Autoregressive Models, arXiv 2002.09928).

B rows, T steps, E elements of a vector symbol.
"""

import torch
from torch import Tensor

from undertow.batch import Condition
from undertow.options import PLAIN
from undertow.session.inference import inference
from undertow.session.noise import Noise
from undertow.session.sampling import sample_rows
from undertow.session.session import NOTHING, Samplings
from undertow.session.stepped import Stepped
from undertow.session.torch_session import TorchSession
from undertow.state import clone
from undertow.threads import limited_threads


class JacobiSession(TorchSession):
    """Draws the symbols that step by step are drawn, a whole draw at a time.

    Its first guess is symbol 0 everywhere: black, or silence.
    """

    engine = "jacobi"

    def __init__(self, model: Stepped, threads: int | None = None) -> None:
        super().__init__(model, threads)
        self.num_calls = 0

    def draw(self, noise: Noise, num_steps: int, sampling: Samplings = PLAIN, condition: Condition = NOTHING) -> Tensor:
        uniforms = torch.from_numpy(noise.next(num_steps)).to(self._pending.device)
        self.num_threads = self._threads or torch.get_num_threads()
        with inference(self.model), limited_threads(self.num_threads):
            self._make_room(num_steps, exact=True)
            known = 0
            guess = self._pending.new_zeros(self.num_rows, num_steps, *self._pending.shape[2:])
            while known < num_steps:
                inputs = torch.cat([self._pending, guess[:, :-1]], dim=1)
                begun = clone(self._memory.read_by(self._network))
                params, after = self.model.step(inputs, begun, condition)
                drawn = sample_rows(self.model.emission, params, uniforms, sampling)
                changed = (drawn != guess).flatten(2).any(dim=2) if drawn.dim() > 2 else drawn != guess
                wrong = changed.any(dim=0).nonzero()
                known = int(wrong[0]) + 1 if len(wrong) else num_steps
                guess, self.num_calls = drawn, (self.num_calls or 0) + 1
            self._network, self._peeked = self._memory.taken_from(after), None
            self._put(guess)
            return guess.cpu()
