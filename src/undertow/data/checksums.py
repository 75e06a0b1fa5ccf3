"""The sha256 of every file of the named sets that are kept as files; `undertow.data.catalogue` has the sets."""

CAMVID = {"camvid_240x180.npz": "sha256:e77fc1c3e7ddd17a44fe893f186e49279a62435ae9bf64a1b70f6ae0fe002604"}
TINYSHAKESPEARE = {"input.txt": "sha256:86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"}
JSB = {"JSB_Chorales.mat": "sha256:ac0e608527cc411c7e21ef7d38be47f0de7fb6b13b3ae168b8eccf1c2a9b18d4"}
NOTTINGHAM = {"Nottingham.mat": "sha256:d154f7ca2e90799dc1dc011d8fc048f2fc6ef3f7c69d974b9cf27a471634fbea"}
MNIST = {
    "train-images-idx3-ubyte.gz": "sha256:440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "sha256:3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "sha256:8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "sha256:f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
FASHION = {
    "train-images-idx3-ubyte.gz": "sha256:3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1-ubyte.gz": "sha256:a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3-ubyte.gz": "sha256:346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1-ubyte.gz": "sha256:67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}
BINARIZED = {
    "binarized_mnist_train.amat": "sha256:ad693b29f94c14277b095f5238ddefbbdaaae0939789dd2f4f0205278cee3e4d",
    "binarized_mnist_valid.amat": "sha256:1de3d397c40fe8eeb33dafd4099a1f665ec01e96d9be234aaeeac8a34930e2e2",
    "binarized_mnist_test.amat": "sha256:e6687bfea3f820c174f33b7865140b2a2dd2930ef786f35d45795fc193b5ab2c",
}
BINARIZED_PACKED = {
    "binarized_mnist_packed.npz": "sha256:6ea70a98a8f35d93b0a761caa3679dcd063ab1860504f8fca1914449a36ab9b4"
}
CIFAR10 = {"cifar-10-binary.tar.gz": "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"}
CIFAR10_SUBSET = {"cifar10_10k.npz": "sha256:ce01403193a1cc7649940967a0ba7e2f1a2f12944c939bffb8fd068cfe975da9"}
MULTI30K = {
    "train.de.gz": "sha256:726e39b2fa9eb9ffb6dc763fb35a179f80fae06ffc5d28b6ace5faa883de28a6",
    "train.en.gz": "sha256:d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f",
    "val.de.gz": "sha256:f0cba2f995189cf5770f29a8a9a537a3ad3f51657ad873405082ff6863a5e75a",
    "val.en.gz": "sha256:14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28",
    "test_2016_flickr.de.gz": "sha256:9204244e408ccb38d2a55cfcd344df15005fc42a07a6e55ca6c52b6ababb8cc8",
    "test_2016_flickr.en.gz": "sha256:611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9",
    "test_2017_flickr.de.gz": "sha256:a2c89666db00c495cd8513b9d708d5a3acc205d7de312ef2bf5fb7ebc1540aee",
    "test_2017_flickr.en.gz": "sha256:76a444ee25172e72695cddb13ae4a3bda59430617be88e0bb46b60504f054074",
}
EWT_CHUNKS = {
    "train.txt.gz": "sha256:a00bf8b537b61c52309a5e70bac2a86b1c66750d4c1298c58a908566edb79d87",
    "dev.txt.gz": "sha256:a8671e32d8b6cd15ef67ed53931db1829ae3cb4da757a1711f720e3e0dda1103",
    "test.txt.gz": "sha256:0739dd63ee549f79abb0accdecc70cc0e3b5a5d69577dc711a641facc9a70e65",
}
GSD_WORDS = {
    "dev.txt.gz": "sha256:d40ff6bdddee099cb394caef9860cda5b40a911528b663ee02a9986c28403e5c",
    "test.txt.gz": "sha256:279cd01086a401114477e1c9009e566ab7005dfc4f741728812f09275ba45844",
}
