"""From the genotypes of persons to what the laboratory calls of their samples."""

from __future__ import annotations

import numpy as np

from lakehouse.synthetic.arrays import find
from lakehouse.synthetic.genomes import imputation, intensities, reads
from lakehouse.synthetic.genomes.calls import Calls
from lakehouse.synthetic.genomes.genotypes import Genotypes
from lakehouse.synthetic.genomes.laboratory import ARRAY
from lakehouse.synthetic.genomes.preparation import Preparation
from lakehouse.synthetic.genomes.samples import Samples
from lakehouse.synthetic.streams import Floats


def call(
    platform: str, seed: int, genotypes: Genotypes, samples: Samples, preparation: Preparation,
    frequency: Floats | None = None,
) -> Calls:  # fmt: skip
    """What the laboratory calls of the samples, in their order, at the sites of a window.

    genotypes: of all persons of the samples, in whatever order. frequency: site by alternate, as of
    `calls.frequencies`; imputation needs it. The calls of a sample do not depend on the others, but for those that
    contaminate it. Imputed calls have one site for each alternate allele.

    Raises KeyError for a person without genotypes, ValueError where imputation is given no frequency.
    """
    places = find(genotypes.persons, samples.person)
    if (places < 0).any():
        raise KeyError(f"no genotypes of the persons {samples.person[places < 0].tolist()}")
    of_samples = Genotypes(genotypes.sites, samples.person, np.take(genotypes.alleles, places, axis=1))
    if platform in reads.COVERAGES:
        return reads.call(seed, reads.COVERAGES[platform], of_samples, samples.number, preparation)
    if platform == ARRAY:
        return intensities.call(seed, of_samples, samples.number, preparation)
    if frequency is None:
        raise ValueError("imputation needs the frequencies of the alleles")
    return imputation.call(seed, of_samples, samples.number, preparation, np.asarray(frequency))
