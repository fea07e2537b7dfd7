"""What each patient is made of: exact versions, so that no test drifts with the package index."""

from __future__ import annotations

from clinic.patients import Overlay, Patient

_PANDAS_NEEDS = "python-dateutil==2.9.0.post0 pytz==2024.2 tzdata==2024.2 six==1.16.0"
_PLOT_NEEDS = (
    "cycler==0.12.1 fonttools==4.55.3 packaging==24.2 pyparsing==3.2.0 kiwisolver==1.4.7 contourpy==1.3.1"
)
_IMAGE_NEEDS = "pillow==11.0.0 networkx==3.4.2 imageio==2.36.1 tifffile==2024.9.20 lazy_loader==0.4"
_LEARN_NEEDS = "joblib==1.4.2 threadpoolctl==3.5.0"

SIX = Patient(
    "six",
    "numpy==2.1.3 scipy==1.11.4 pandas==2.1.4 scikit-learn==1.3.2 matplotlib==3.8.3 "
    "opencv-python-headless==4.9.0.80 scikit-image==0.22.0 safetensors==0.4.5 "
    f"{_PANDAS_NEEDS} {_PLOT_NEEDS} {_IMAGE_NEEDS} {_LEARN_NEEDS}",
)
SIX_ON_NUMPY_1 = SIX.but("six-on-numpy-1", "numpy==1.26.4")
MORE_BUILT_FOR_NUMPY_1 = Patient(
    "more-built-for-numpy-1",
    "numpy==2.1.3 h5py==3.10.0 numexpr==2.8.7 shapely==2.0.2 bottleneck==1.3.7 pandas==2.2.3 "
    + _PANDAS_NEEDS,
)
UNSAFE = Patient(
    "unsafe",
    "numpy==2.1.3 tokenizers==0.15.0 contourpy==1.2.0 huggingface-hub==0.26.5 filelock==3.16.1 "
    "fsspec==2024.10.0 packaging==24.2 pyyaml==6.0.2 requests==2.32.3 tqdm==4.67.1 typing_extensions==4.12.2 "
    "charset-normalizer==3.4.0 idna==3.10 urllib3==2.2.3 certifi==2024.8.30",
)
NEEDS_NUMPY_2 = Patient("needs-numpy-2", "numpy==1.26.4 healpy==1.20.1 markupsafe==3.0.2")
NEEDS_NUMPY_1_23 = Patient(
    "needs-numpy-1.23", "numpy==1.22.4 numexpr==2.10.2 bottleneck==1.4.2 pywavelets==1.6.0", python="3.10"
)
OPTIONAL_PART_NEEDS_NUMPY_2 = Patient(
    "optional-part-needs-numpy-2", "numpy==1.26.4 h5py==3.16.0 bottleneck==1.6.0 numexpr==2.14.2"
)
REMOVED_IN_1_24 = Patient("removed-in-1.24", "numpy==1.24.4 scipy==1.4.1", python="3.8")
REMOVED_IN_2_4 = Patient(
    "removed-in-2.4",
    "numpy==2.4.6 astropy==6.1.0 pyerfa==2.0.1.5 astropy-iers-data==0.2024.11.11.0.32.38 packaging==24.2 "
    "pyyaml==6.0.2 bottleneck==1.6.0",
)
WRONG_PYTHON = Patient(
    "wrong-python",
    "numpy==2.1.3 markupsafe==3.0.2",
    overlays=(Overlay("shapely==2.0.6", python="3.10"),),
)
NUMPY_FOR_ANOTHER_PYTHON = Patient(
    "numpy-for-another-python",
    "markupsafe==3.0.2 bottleneck==1.4.2",
    overlays=(Overlay("numpy==2.1.3", python="3.10"),),
)
MIXED = Patient("mixed", "numpy==2.2.6 scipy==1.15.2", overlays=(Overlay("numpy==1.26.4"),))
MIXED_RECORD_LOST = Patient(
    "mixed-record-lost",
    "numpy==2.2.6 scipy==1.15.2",
    overlays=(Overlay("numpy==1.26.4", forget="numpy-2.2.6.dist-info"),),
)
TWO_OPENCVS = Patient(
    "two-opencvs",
    "numpy==1.26.4 opencv-contrib-python-headless==4.10.0.84",
    overlays=(Overlay("opencv-python-headless==4.10.0.84"),),
)
TWO_OPENCVS_AT_ODDS = Patient(
    "two-opencvs-at-odds",
    "numpy==1.26.4 opencv-python-headless==4.10.0.84",
    overlays=(Overlay("opencv-contrib-python-headless==4.5.5.62"),),
)
PLAIN = Patient(
    "plain",
    "numpy==2.2.6 bottleneck==1.4.2 markupsafe==3.0.2 python-dateutil==2.9.0.post0 six==1.16.0 pyyaml==6.0.2",
)
EXCLUDED = Patient(
    "excluded", "pydantic==2.10.3 pydantic-core==2.27.0 typing_extensions==4.12.2 annotated-types==0.7.0"
)
HOSTILE_NEIGHBOURS = Patient(
    "hostile", "numpy==2.2.6 bottleneck==1.4.2 markupsafe==3.0.2 pyyaml==6.0.2 msgpack==1.1.0 wrapt==1.17.0"
)
TORCH_NEEDS = (
    "numpy==2.2.6 filelock==3.16.1 typing_extensions==4.12.2 sympy==1.14.0 mpmath==1.3.0 networkx==3.4.2 "
    "jinja2==3.1.6 markupsafe==3.0.2 fsspec==2024.10.0 setuptools==80.9.0"
)

_SMALL = f"lxml==5.3.0 pyyaml==6.0.2 msgpack==1.1.0 {_PANDAS_NEEDS}"
OTHER_PYTHONS = (
    Patient(
        "python-3.8",
        f"numpy==1.24.4 scipy==1.10.1 pandas==2.0.3 h5py==3.11.0 markupsafe==2.1.5 {_SMALL}",
        python="3.8",
    ),
    Patient(
        "python-3.9",
        f"numpy==1.26.4 scipy==1.13.1 pandas==2.2.3 h5py==3.12.1 markupsafe==3.0.2 {_SMALL}",
        python="3.9",
    ),
    Patient(
        "python-3.13",
        f"numpy==2.1.3 scipy==1.14.1 pandas==2.2.3 h5py==3.12.1 markupsafe==3.0.2 {_SMALL}",
        python="3.13",
    ),
)
HEALTHY_ON_NUMPY_1 = Patient(
    "healthy-on-numpy-1",
    "numpy==1.26.4 scipy==1.11.4 pandas==2.1.4 bottleneck==1.3.7 contourpy==1.2.0 markupsafe==3.0.2 "
    f"{_PANDAS_NEEDS}",
)

# 149 distributions with about 600 extension modules.
HEALTHY = Patient(
    "healthy",
    """
    aiohappyeyeballs==2.7.1 aiohttp==3.14.5 aiosignal==1.4.0 annotated-doc==0.0.7 annotated-types==0.8.0
    anyio==4.16.0 astropy==8.0.2 astropy-iers-data==0.2026.11.2.0.34.55 asttokens==3.0.2 attrs==26.1.0
    blis==1.3.4 bottleneck==1.6.0 brotli==1.2.1 catalogue==2.0.10 certifi==2026.10.18 cffi==2.1.1
    cftime==1.6.6.1 charset-normalizer==3.5.2 click==8.5.1 cloudpathlib==0.26.0 cloudpickle==3.1.2
    comm==0.2.3 confection==1.3.4 contourpy==1.3.3 cryptography==50.0.2 cycler==0.12.1 cymem==2.0.16
    debugpy==1.8.22 executing==2.3.0 fastapi==0.165.0 fonttools==4.68.0 formulaic==1.2.2 frozenlist==1.8.0
    gensim==4.4.0 gevent==26.9.0 greenlet==3.5.6 grpcio==1.85.1 h11==0.16.0 h5py==3.16.0 hdbscan==0.8.44
    httpcore==1.0.9 httptools==0.9.0 httpx==0.28.1 idna==3.20 imageio==2.38.1 interface-meta==2.0.1
    ipykernel==7.4.0 ipython==9.18.1 ipython-pygments-lexers==1.1.1 jedi==0.20.1 jinja2==3.1.6 joblib==1.6.0
    jupyter-client==8.10.0 jupyter-core==5.9.1 kiwisolver==1.5.1 lazy-loader==0.6 llvmlite==0.50.0
    lxml==6.1.3 lz4==4.4.5 markdown-it-py==4.3.0 markupsafe==3.0.4 matplotlib==3.11.2
    matplotlib-inline==0.2.2 mdurl==0.1.2 msgpack==1.2.4 multidict==7.2.1 murmurhash==1.0.16
    narwhals==2.29.0 nest-asyncio2==1.7.4 netcdf4==1.7.5.1.post1 networkx==3.6.1 numba==0.68.1
    numcodecs==0.16.6 numexpr==2.14.2 numpy==2.4.6 opentelemetry-api==1.45.2 orjson==3.13.0 packaging==26.3
    pandas==3.1.1 parso==0.8.7 patsy==1.0.3 pexpect==4.9.0 pillow==13.0.0 platformdirs==4.14.7
    preshed==3.0.15 prompt-toolkit==3.0.53 propcache==0.5.4 protobuf==7.36.2 psutil==7.2.2 ptyprocess==0.7.0
    pure-eval==0.2.4 pycocotools==2.0.11 pycparser==3.12 pydantic==2.14.3 pydantic-core==2.50.4
    pyerfa==2.0.1.5 pygments==2.21.0 pyparsing==3.3.3 pyproj==3.7.2 python-dateutil==4.0.0 pywavelets==1.9.0
    pyyaml==6.0.3 pyzmq==27.3.0 regex==2026.11.15 requests==2.34.2 rich==15.0.0 safetensors==0.8.0
    scikit-image==0.26.0 scikit-learn==1.9.1 scipy==1.17.1 sentencepiece==0.2.3 setuptools==84.2.1
    shapely==2.2.0 shellingham==1.5.4 smart-open==9.0.2 soxr==1.1.0 spacy==3.8.18 spacy-legacy==3.0.12
    spacy-loggers==1.0.5 sqlalchemy==2.1.9 srsly==2.5.6 stack-data==0.6.3 starlette==1.10.0
    statsmodels==0.15.0 thinc==8.3.14 threadpoolctl==3.8.0 tifffile==2026.3.3 tiktoken==0.14.0
    tornado==6.6.1 tqdm==4.70.1 traitlets==5.16.1 typer==0.29.2 typing-extensions==4.16.0
    typing-inspection==0.4.5 tzdata==2026.6 ujson==6.1.0 urllib3==2.8.0 uvloop==0.23.0 wasabi==1.1.3
    watchfiles==1.3.0 wcwidth==0.9.4 weasel==1.0.1 websockets==17.4 wrapt==2.5.2 xxhash==4.1.0 yarl==1.25.1
    zope-event==6.2 zope-interface==8.7 zstandard==0.25.0
    """,
)
